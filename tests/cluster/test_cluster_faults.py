"""Parts of a cluster die, stand still and lose their data; no acknowledged change is lost, and clients end equal."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack

import httpx
import pytest

from tandem_platform.event_signatures import MAX_AGE_SECONDS
from tandem_testing.backend import Device
from tandem_testing.client import SyncClient, fetch, following
from tandem_testing.cluster.cluster import Cluster, Member, until
from tandem_testing.postgres import PostgresServer

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def cluster_settings() -> dict[str, str]:
    """A quick heartbeat: what a fault swallowed is noticed soon (CL5)."""
    return {"HEARTBEAT_INTERVAL": "2"}


class Writer:
    """Makes tasks one after the other, and repeats each until it is answered, as clients do (CL8, CL9)."""

    def __init__(self, device: Device, pause: float) -> None:
        self.device = device
        self.pause = pause
        self.answered: list[str] = []
        self._changed = asyncio.Condition()
        self._enough = False
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Break off."""
        self._task.cancel()

    async def finish(self) -> None:
        """Write no more once the present task is answered."""
        self._enough = True
        async with asyncio.timeout(90):
            await self._task

    async def _run(self) -> None:
        while not self._enough:
            task = str(uuid.uuid4())
            while True:
                if await self._once(task):
                    break
                await asyncio.sleep(0.05)
            async with self._changed:
                self.answered.append(task)
                self._changed.notify_all()
            await asyncio.sleep(self.pause)

    async def _once(self, task: str) -> bool:
        try:
            reply = await self.device.call("POST", "tasks", task, json={"id": task, "title": task}, timeout=5.0)
        except httpx.TransportError:
            return False
        if reply.status_code >= 500 or reply.status_code == 429:
            return False
        assert reply.is_success, reply.text
        return True

    async def more(self, count: int = 20) -> None:
        """Wait until so many more are answered."""
        wanted = len(self.answered) + count
        try:
            async with asyncio.timeout(90), self._changed:
                await self._changed.wait_for(lambda: len(self.answered) >= wanted)
        finally:
            if self._task.done():
                await self._task


class Scene:
    """A writer and a client on each websocket service."""

    def __init__(self, writer: Writer, clients: list[SyncClient]) -> None:
        self.writer = writer
        self.clients = clients

    async def ends_well(self) -> None:
        """Every answered task is there once, and every client ends on what the server has."""
        await self.writer.more()
        await self.writer.finish()
        now = await fetch(self.writer.device)
        assert sorted(now) == sorted(self.writer.answered)
        for client in self.clients:
            await client.shows(now)

    async def hears_of(self, tasks: Sequence[str]) -> None:
        """Wait until an event of each of these tasks has been pushed to every client: none was dropped on the way."""
        for client in self.clients:
            async with asyncio.timeout(90):
                await client.until(lambda client=client: pushed(client) >= set(tasks))

    async def hears(self) -> None:
        """Wait until pushed events arrive again at every client: nobody stays deaf."""
        seen = [events(client) for client in self.clients]
        for client, count in zip(self.clients, seen, strict=True):
            async with asyncio.timeout(90):
                await client.until(lambda client=client, count=count: events(client) > count)


def events(client: SyncClient) -> int:
    """Return how many task events came over its sockets."""
    return sum(message["type"] == "task_update" for message in client.messages)


def pushed(client: SyncClient) -> set[str]:
    """Return the tasks of which an event came over its sockets."""
    return {message["task"]["id"] for message in client.messages if message["type"] == "task_update"}


@contextlib.asynccontextmanager
async def scene(cluster: Cluster, email: str, pause: float = 0) -> AsyncGenerator[Scene]:
    """Run a writer, which rests for so many seconds after each task, and clients."""
    writer = Writer(await cluster.register(email), pause)
    devices = [await cluster.login(email, number) for number in range(len(cluster.sockets))]
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(following(device)) for device in devices]
        stack.callback(writer.stop)
        await writer.more()
        yield Scene(writer, clients)


async def test_backends_are_killed_one_after_the_other(cluster: Cluster) -> None:
    """F24, EV8: whichever relays, its successor goes on."""
    async with scene(cluster, "f24@example.com") as played:
        for member in cluster.backends * 2:
            member.program.kill()
            await played.hears()
            await played.writer.more()
            member.program.start()
            await cluster.ready(member)
        await played.ends_well()


async def test_a_relay_that_stands_still_is_replaced(cluster: Cluster) -> None:
    """EV8: its connection to the database stays open, and nothing else ends it."""
    async with scene(cluster, "frozen@example.com") as played:
        for member in cluster.backends:
            member.program.pause()
            try:
                await played.hears()
            finally:
                member.program.resume()
        await played.ends_well()


@pytest.mark.parametrize("seconds", [0, MAX_AGE_SECONDS + 5])
async def test_redis_dies_and_loses_its_data(cluster: Cluster, seconds: float) -> None:
    """F25: writes go on meanwhile, and their events come afterwards, however long it was (EV4).

    For longer than an event is good: it is signed when it is published, not when it is stored (EV9).
    """
    async with scene(cluster, f"f25-{seconds}@example.com", pause=0.1) as played:
        cluster.redis.kill()
        killed, before = time.monotonic(), len(played.writer.answered)
        await until(lambda: time.monotonic() - killed >= seconds, seconds + 10)
        await played.writer.more()
        # The first may have been published before it was answered.
        meanwhile = played.writer.answered[before + 1 :]
        cluster.redis.start()
        await played.hears_of(meanwhile)
        await played.ends_well()


async def test_redis_is_emptied(cluster: Cluster) -> None:
    """The consumer groups are gone with the stream."""
    async with scene(cluster, "emptied@example.com") as played:
        cluster.redis.flush()
        await played.hears()
        await played.ends_well()


@pytest.mark.parametrize("which", ["backends", "sockets"])
async def test_sidecars_die(cluster: Cluster, which: str) -> None:
    """F25: events wait in the outbox, or in the broker."""
    members: list[Member] = getattr(cluster, which)
    async with scene(cluster, f"sidecar-{which}@example.com") as played:
        for member in members:
            member.sidecar.kill()
        before = len(played.writer.answered)
        await played.writer.more()
        meanwhile = played.writer.answered[before + 1 :]
        for member in members:
            member.sidecar.start()
        await played.hears_of(meanwhile)
        await played.ends_well()


async def test_postgresql_is_restarted(cluster: Cluster, postgres_server: PostgresServer) -> None:
    """Nothing that was answered is lost, and the lead is taken again."""
    async with scene(cluster, "postgres@example.com") as played:
        await asyncio.to_thread(postgres_server.stop)
        await asyncio.to_thread(postgres_server.start)
        await played.hears()
        await played.ends_well()


async def test_a_websocket_service_dies_and_comes_back(cluster: Cluster) -> None:
    """Its clients miss nothing, and old events are not sent to them."""
    async with scene(cluster, "replica@example.com") as played:
        member = cluster.sockets[0]
        member.kill()
        await played.writer.more()
        member.start()
        await cluster.ready(member)
        await played.hears()
        await played.ends_well()


async def test_all_websocket_services_are_restarted_under_load(cluster: Cluster) -> None:
    """WS9: one after the other, as an upgrade does it."""
    async with scene(cluster, "rolling@example.com") as played:
        for member in cluster.sockets:
            member.program.stop()
            member.program.start()
            await cluster.ready(member)
        await played.hears()
        await played.ends_well()
        assert all(1012 in client.closes for client in played.clients)
