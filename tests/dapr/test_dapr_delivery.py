"""Events come through Tandem's own Dapr files: to every replica, in bulk, again after a failure, poison aside."""

import asyncio
from collections.abc import Sequence

import httpx
import orjson
import pytest

from tandem_platform.bus import TASK_UPDATES
from tandem_platform.dapr_bus import DaprBus
from tandem_testing.cluster.cluster import until
from tandem_testing.daprd import Daprd
from tandem_testing.event_collector import DROP, RETRY, SUCCESS, EventCollector, event_collector
from tandem_testing.sidecars import Sidecars

POISON = "task-updates-poison"
COPIED = """
apiVersion: dapr.io/v1alpha1
kind: Subscription
metadata:
  name: task-updates
spec:
  pubsubname: taskpubsub
  topic: task-updates
  routes:
    - /events/task-updates
  scopes:
    - websocket-service
"""


def numbered(count: int) -> list[bytes]:
    return [b'{"seq":%d}' % seq for seq in range(count)]


def seqs(collector: EventCollector) -> list[int]:
    return sorted(event["seq"] for event in collector.events)


async def all_came(collector: EventCollector, wanted: Sequence[int]) -> None:
    """Wait until each event has come."""
    await collector.until(lambda: set(seqs(collector)) >= set(wanted))


def poisoned(sidecars: Sidecars) -> bytes:
    """Return what is on the dead-letter topic, as Redis tells it."""
    return sidecars.redis.command("XRANGE", POISON, "-", "+")


async def test_each_file_is_loaded_and_an_event_comes_through(
    sidecars: Sidecars, publisher: Daprd, bus: DaprBus, subscriber: Daprd, collector: EventCollector
) -> None:
    await bus.publish(TASK_UPDATES, numbered(1))
    await all_came(collector, [0])
    async with sidecars.client(publisher) as client:
        publishing = (await client.get("/metadata")).json()
    async with sidecars.client(subscriber) as client:
        subscribing = (await client.get("/metadata")).json()
    for found in (publishing, subscribing):
        kinds = {component["name"]: component["type"] for component in found["components"]}
        assert kinds == {"taskpubsub": "pubsub.redis", "tandem-secrets": "secretstores.local.file"}
    assert publishing.get("subscriptions", []) == []
    (subscription,) = subscribing["subscriptions"]
    assert (subscription["topic"], subscription["deadLetterTopic"]) == (TASK_UPDATES, POISON)
    assert subscription["rules"] == [{"path": "/events/task-updates"}]
    assert [policy["name"] for policy in subscribing["resiliencies"]] == ["task-updates"]
    for sidecar in (publisher, subscriber):
        assert "level=error" not in sidecar.printed


async def test_the_copied_form_of_the_subscription_loads_and_delivers_nothing(
    sidecars: Sidecars, bus: DaprBus, subscriber: Daprd, collector: EventCollector
) -> None:
    """Its sidecar says nothing, reads every event and throws it away: a service that it feeds is healthy and deaf."""
    async with event_collector() as deaf:
        sidecar = sidecars.add("websocket-service", "subscriber", "websocket-1", deaf.port)
        (sidecar.resources[0] / "subscription.yaml").write_text(COPIED)
        sidecar.start()
        await sidecar.ready()
        await bus.publish(TASK_UPDATES, numbered(20))
        await all_came(collector, range(20))
        await until(lambda: group(sidecars, "websocket-1") == {"entries-read": 20, "pending": 0, "lag": 0})
        assert deaf.bulks == []
    assert "level=error" not in sidecar.printed
    assert "ubscription" not in sidecar.printed
    # The good one beside it read the same stream.
    assert group(sidecars, "websocket-0")["entries-read"] == 20
    assert subscriber.running


def group(sidecars: Sidecars, name: str) -> dict[str, int]:
    """Return how far a consumer group has read, as Redis tells it."""
    words = sidecars.redis.command("XINFO", "GROUPS", TASK_UPDATES).split(b"\r\n")
    if name.encode() not in words:
        return {}
    mine = words[words.index(name.encode()) :]
    return {
        field: int(mine[mine.index(field.encode()) + 1].removeprefix(b":"))
        for field in ("entries-read", "pending", "lag")
    }


async def test_many_events_are_one_request(bus: DaprBus, subscriber: Daprd, collector: EventCollector) -> None:
    await bus.publish(TASK_UPDATES, numbered(100))
    await bus.publish(TASK_UPDATES, numbered(200)[100:])
    await all_came(collector, range(200))
    assert subscriber.running
    assert sum(collector.bulks) >= 200
    assert 1 < max(collector.bulks) <= 100
    assert len(collector.bulks) <= 40, "bulks of a few events each"


async def test_replicas_get_each_event_and_those_of_one_name_share(
    sidecars: Sidecars, bus: DaprBus, subscriber: Daprd, collector: EventCollector
) -> None:
    """F17: why each replica has a POD_NAME of its own, which stays the same."""
    assert subscriber.running
    async with event_collector() as other, event_collector() as one, event_collector() as two:
        for name, app in (("websocket-1", other), ("websocket-2", one), ("websocket-2", two)):
            await sidecars.started("websocket-service", "subscriber", name, app.port)
        count = 0
        async with asyncio.timeout(30):
            while count < 50 or not (one.events and two.events):
                count += 10
                await bus.publish(TASK_UPDATES, numbered(count)[-10:])
                await all_came(collector, range(count))
        await all_came(other, range(count))
        await until(lambda: len(one.events) + len(two.events) >= count)
        assert sorted(seqs(one) + seqs(two)) == list(range(count))


@pytest.mark.parametrize("how", ["503", "RETRY"])
async def test_what_the_app_could_not_take_comes_again(
    sidecars: Sidecars, bus: DaprBus, subscriber: Daprd, collector: EventCollector, how: str
) -> None:
    """Resiliency: neither lost nor a dead letter, and within seconds."""
    tries = 0

    def third_time(event: dict[str, int]) -> str:
        nonlocal tries
        if event["seq"] != 1:
            return SUCCESS
        tries += 1
        return SUCCESS if tries >= 3 else RETRY

    if how == "RETRY":
        collector.verdict = third_time
        await bus.publish(TASK_UPDATES, numbered(3))
    else:
        collector.down = True
        await bus.publish(TASK_UPDATES, numbered(3))
        await collector.until(lambda: collector.refused >= 3)
        collector.down = False
    async with asyncio.timeout(10):
        await all_came(collector, range(3))
    assert how != "RETRY" or tries == 3
    assert subscriber.running
    await until(lambda: group(sidecars, "websocket-0")["pending"] == 0)
    assert poisoned(sidecars) == b"*0\r\n"


async def test_what_the_app_drops_is_a_dead_letter(
    sidecars: Sidecars, bus: DaprBus, subscriber: Daprd, collector: EventCollector
) -> None:
    collector.verdict = lambda event: DROP if event["seq"] == 1 else SUCCESS
    await bus.publish(TASK_UPDATES, numbered(3))
    await until(lambda: b'{"seq":1}' in poisoned(sidecars))
    await all_came(collector, [0, 2])
    assert seqs(collector) == [0, 2]
    assert b'{"seq":0}' not in poisoned(sidecars)
    assert subscriber.running


async def test_what_is_no_event_at_all_is_a_dead_letter_and_holds_up_nothing(
    sidecars: Sidecars, bus: DaprBus, subscriber: Daprd, collector: EventCollector
) -> None:
    """Whoever writes into the broker cannot stop the events behind it."""
    sidecars.redis.command("XADD", TASK_UPDATES, "*", "data", b"\xff no JSON {")
    await until(lambda: b"no JSON {" in poisoned(sidecars))
    await bus.publish(TASK_UPDATES, numbered(3))
    await all_came(collector, range(3))
    assert subscriber.running


async def test_both_sides_show_their_tokens(
    sidecars: Sidecars, bus: DaprBus, subscriber: Daprd, publisher: Daprd, collector: EventCollector
) -> None:
    await bus.publish(TASK_UPDATES, numbered(1))
    await all_came(collector, [0])
    assert collector.tokens == {sidecars.app_token}
    body = orjson.dumps([{"entryId": "1", "event": {"seq": 1}, "contentType": "application/json"}])
    for headers in ({}, {"dapr-api-token": sidecars.app_token}):
        async with httpx.AsyncClient(base_url=publisher.url, headers=headers, trust_env=False) as client:
            reply = await client.post(f"/publish/bulk/taskpubsub/{TASK_UPDATES}", content=body)
            assert reply.status_code == 401
    assert subscriber.running
