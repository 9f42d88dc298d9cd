"""Three websocket services and two backends, with real Dapr and Redis between them."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import httpx
import orjson
import pytest

from tandem_platform.event_signatures import EventKeys
from tandem_testing.backend import Device
from tandem_testing.client import SyncClient, fetch, following
from tandem_testing.cluster.cluster import Cluster

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def cluster_settings() -> dict[str, str]:
    """No heartbeat comes to help: what arrives has come by the broker."""
    return {"HEARTBEAT_INTERVAL": "3600", "TANDEM_AUDIT_LOG": "-"}


async def devices(cluster: Cluster, email: str) -> list[Device]:
    """Return a device of one user on each websocket service."""
    first = await cluster.register(email, 0)
    return [first, *[await cluster.login(email, number) for number in range(1, len(cluster.sockets))]]


async def all_following(stack: AsyncExitStack, found: list[Device]) -> list[SyncClient]:
    """Return a client of each device, all of them connected."""
    return [await stack.enter_async_context(following(device)) for device in found]


async def counted(cluster: Cluster, replica: int, reason: str) -> float:
    """Return how many events a websocket service dropped for a reason."""
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{cluster.sockets[replica].url}/metrics")).text
    name = f'tandem_websocket_events_dropped_total{{reason="{reason}"}} '
    return sum(float(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name))


async def until_counted(cluster: Cluster, reason: str, before: list[float]) -> None:
    """Wait until every websocket service has dropped one more event for a reason."""
    async with asyncio.timeout(30):
        for replica, count in enumerate(before):
            while True:
                if await counted(cluster, replica, reason) > count:
                    break
                await asyncio.sleep(0.02)


def publish(cluster: Cluster, event: Mapping[str, Any]) -> None:
    """Put an event straight into Redis, past every program of Tandem's."""
    envelope = {
        "id": "1",
        "source": "backend",
        "specversion": "1.0",
        "type": "com.dapr.event.sent",
        "datacontenttype": "application/json",
        "topic": "task-updates",
        "pubsubname": "taskpubsub",
        "data": event,
    }
    cluster.redis.command("XADD", "task-updates", "*", "data", orjson.dumps(envelope))


def pushed(client: SyncClient) -> set[str]:
    """Return the tasks of which an event came over its sockets; what it pulled is not among them."""
    return {message["task"]["id"] for message in client.messages if message["type"] == "task_update"}


async def test_each_replica_gets_each_event(cluster: Cluster) -> None:
    """F17: a change reaches the user's devices wherever their sockets are."""
    found = await devices(cluster, "f17@example.com")
    async with AsyncExitStack() as stack:
        clients = await all_following(stack, found)
        for device in found:
            await asyncio.gather(*(device.made(title=f"task {number}") for number in range(20)))
        now = await fetch(found[0])
        assert len(now) == 60
        for client in clients:
            await client.shows(now)
            # A replica that got only its share of the events would make its clients pull the rest.
            await client.until(lambda client=client: pushed(client) >= set(now))


async def test_signing_out_everywhere_closes_sockets_on_all_replicas(cluster: Cluster) -> None:
    """AU5, EV7, WS8."""
    found = await devices(cluster, "leaver@example.com")
    async with AsyncExitStack() as stack:
        clients = await all_following(stack, found)
        reply = await found[0].call("POST", "/api/auth/logout-all")
        assert reply.is_success, reply.text
        for client in clients:
            await client.until(lambda client=client: 4500 in client.closes)


async def test_what_no_backend_signed_reaches_nobody(cluster: Cluster) -> None:
    """EV9: forged, altered, and of a key that is not known."""
    [device, *_] = found = await devices(cluster, "forged@example.com")
    async with AsyncExitStack() as stack:
        clients = await all_following(stack, found)
        task = await device.made(title="true")
        for client in clients:
            await client.until(lambda client=client: task["id"] in client.tasks)
        event = {
            "event_type": "session.revoked",
            "event_id": task["id"],
            "user_id": device.user_id,
            "sessions": [device.session_id],
            "timestamp": "2026-01-01T00:00:00.000Z",
        }
        strangers = EventKeys({"first": b"x" * 40})
        unknown = EventKeys({"other": cluster.event_key.encode()})
        ours = EventKeys({"first": cluster.event_key.encode()})
        altered = {**orjson.loads(ours.sign(orjson.dumps(event), time.time())), "user_id": task["id"]}
        for reason, forged in (
            ("unsigned", event),
            ("wrong_signature", orjson.loads(strangers.sign(orjson.dumps(event), time.time()))),
            ("wrong_signature", altered),
            ("unknown_key", orjson.loads(unknown.sign(orjson.dumps(event), time.time()))),
        ):
            before = [await counted(cluster, replica, reason) for replica in range(len(found))]
            publish(cluster, forged)
            await until_counted(cluster, reason, before)
        assert [client.closes for client in clients] == [[], [], []]
    assert '"forged' in cluster.sockets[0].program.printed


async def test_what_was_signed_long_ago_reaches_nobody(cluster: Cluster) -> None:
    """EV9: a backlog is not replayed to clients."""
    [device, *_] = found = await devices(cluster, "stale@example.com")
    async with AsyncExitStack() as stack:
        clients = await all_following(stack, found)
        event = {
            "event_type": "session.revoked",
            "event_id": device.user_id,
            "user_id": device.user_id,
            "sessions": [device.session_id],
            "timestamp": "2026-01-01T00:00:00.000Z",
        }
        keys = EventKeys({"first": cluster.event_key.encode()})
        before = [await counted(cluster, replica, "stale") for replica in range(len(found))]
        publish(cluster, orjson.loads(keys.sign(orjson.dumps(event), time.time() - 120)))
        await until_counted(cluster, "stale", before)
        assert clients[0].closes == []
        # The same event, signed now, is heard: it was its age alone that kept it out.
        publish(cluster, orjson.loads(keys.sign(orjson.dumps(event), time.time())))
        await clients[0].until(lambda: 4500 in clients[0].closes)


async def test_a_replayed_event_changes_nothing(cluster: Cluster) -> None:
    """CL2: what was recorded at the broker and is sent again is dropped by clients."""
    [device, *_] = found = await devices(cluster, "replayed@example.com")
    async with AsyncExitStack() as stack:
        clients = await all_following(stack, found)
        task = await device.made(title="first")
        for client in clients:
            await client.until(lambda client=client: task["id"] in client.tasks)
        answer = cluster.redis.command("XREVRANGE", "task-updates", "+", "-", "COUNT", "1")
        recorded = next(line for line in answer.split(b"\r\n") if task["id"].encode() in line)
        reply = await device.patch(task["id"], title="second")
        assert reply.is_success
        for client in clients:
            await client.until(lambda client=client: client.tasks[task["id"]]["title"] == "second")
        seen = [len(client.messages) for client in clients]
        cluster.redis.command("XADD", "task-updates", "*", "data", recorded)
        for client, count in zip(clients, seen, strict=True):
            await client.until(lambda client=client, count=count: len(client.messages) > count)
            assert client.tasks[task["id"]]["title"] == "second"
