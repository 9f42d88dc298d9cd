"""EV8, ST7: two backends on one PostgreSQL, killed, frozen and restarted (F24)."""

import asyncio
import os
import random
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from tandem_protocol.ids import uuid7
from tandem_testing.backend import PATIENCE, Device
from tandem_testing.backends import Backends, several_backends
from tandem_testing.event_collector import EventCollector, event_collector
from tandem_testing.postgres import PostgresServer

pytestmark = pytest.mark.postgres
WRITERS = 4


@pytest.fixture
async def collector() -> AsyncGenerator[EventCollector]:
    async with event_collector() as made:
        yield made


@pytest.fixture
async def backends(tmp_path: Path, empty_postgres_url: str, collector: EventCollector) -> AsyncGenerator[Backends]:
    """Two, started at the same moment on a database without tables and without keys."""
    urls = {"DATABASE_URL": empty_postgres_url, "TANDEM_WEBSOCKET_SERVICE_URL": collector.url}
    async with several_backends(tmp_path, 2, **urls) as running:
        yield running


async def on_each(backends: Backends) -> list[Device]:
    """Return a device of one user on each backend."""
    first, second = backends.all
    return [await first.enter("register"), await second.enter("login")]


class Writers:
    """Make tasks by whichever backend answers, until they are told to stop, and remember what was acknowledged."""

    def __init__(self, devices: list[Device], chance: random.Random) -> None:
        self.acknowledged: dict[int, str] = {}
        self.space = ""
        self._devices = devices
        self._chance = chance
        self._stopping = False
        self._count = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._run()) for _ in range(WRITERS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping = True
        await asyncio.wait_for(asyncio.gather(*self._tasks), PATIENCE)

    async def more(self, count: int) -> None:
        """Wait until so many further writes were acknowledged."""
        goal = len(self.acknowledged) + count
        async with asyncio.timeout(PATIENCE), self._count:
            await self._count.wait_for(lambda: len(self.acknowledged) >= goal)

    async def _run(self) -> None:
        while not self._stopping:
            task = await self._write(uuid7(1_900_000_000_000, os.urandom))
            async with self._count:
                self.acknowledged[task["seq"]] = task["id"]
                self.space = task["space"]
                self._count.notify_all()

    async def _write(self, task_id: str) -> dict[str, Any]:
        """Make a task, at most once, with as many tries as it takes."""
        while True:
            for device in self._chance.sample(self._devices, len(self._devices)):
                try:
                    async with asyncio.timeout(2):
                        reply = await device.create(task_id, id=task_id)
                except (httpx.TransportError, TimeoutError):
                    continue
                if reply.is_success:
                    made: dict[str, Any] = reply.json()
                    return made
                assert reply.status_code == 503, reply.text
            await asyncio.sleep(0.02 * self._chance.random())


async def check_all_published(collector: EventCollector, writers: Writers, device: Device) -> None:
    """Check that every acknowledged write's event came, and each for the first time in the order of the space."""
    head = max(writers.acknowledged)
    await collector.until(lambda: len(set(collector.seqs(writers.space))) >= head)
    first_seen = list(dict.fromkeys(collector.seqs(writers.space)))
    assert first_seen == list(range(1, len(first_seen) + 1))
    listed = {task["id"] for task in (await device.tasks())["tasks"]}
    assert set(writers.acknowledged.values()) <= listed


async def test_st7_backends_that_begin_at_once_share_keys_and_database(backends: Backends) -> None:
    ada, other = await on_each(backends)
    made = await ada.made()
    assert [task["id"] for task in (await other.tasks())["tasks"]] == [made["id"]]
    ada.client, other.client = other.client, ada.client
    for device in (ada, other):
        assert (await device.call("GET", "tasks")).status_code == 200, "each knows the other's access tokens"
    assert sum([await backend.leads() for backend in backends.all]) <= 1


async def test_st7_backend_with_other_keys_is_refused(
    tmp_path: Path, backends: Backends, empty_postgres_url: str
) -> None:
    await backends.leader()
    stranger = Backends(tmp_path / "stranger", 1, DATABASE_URL=empty_postgres_url)
    (tmp_path / "stranger").mkdir()
    with pytest.raises(RuntimeError, match=r"tandem-backend: the database is used with keys.*TANDEM_KEYS_DIR"):
        await stranger.start()
    await stranger.close()


async def test_f24_ev8_leader_killed_at_random_moments_loses_no_event(
    backends: Backends, collector: EventCollector
) -> None:
    chance = random.Random(24)  # noqa: S311 - any moment will do
    devices = await on_each(backends)
    async with Writers(devices, chance) as writers:
        for _ in range(5):
            await writers.more(chance.randrange(5, 60))
            leader = await backends.leader()
            leader.kill()
            published = len(collector.events)
            await collector.until(lambda published=published: len(collector.events) > published)
            await backends.start()
    await check_all_published(collector, writers, devices[0])


async def test_f24_ev1_event_of_a_leader_killed_before_it_could_publish(
    backends: Backends, collector: EventCollector
) -> None:
    devices = await on_each(backends)
    collector.down = True
    await devices[0].made()
    await collector.until(lambda: collector.refused > 0)
    (await backends.leader()).kill()
    collector.down = False
    await collector.until(lambda: len(collector.events) == 1)


async def test_ev8_leader_that_stands_still_is_replaced_and_does_not_publish_again(
    backends: Backends, collector: EventCollector
) -> None:
    devices = await on_each(backends)
    for _ in range(2):
        leader = await backends.leader()
        leader.pause()
        after = [device for backend, device in zip(backends.all, devices, strict=True) if backend is not leader]
        made = [await device.made() for device in after for _ in range(20)]
        space, seqs = made[0]["space"], [task["seq"] for task in made]
        await collector.until(lambda space=space, last=seqs[-1]: last in collector.seqs(space))
        successor = await backends.leader(but=leader)
        leader.resume()
        await leader.ready()
        assert await backends.leader() is successor
        assert not await leader.leads()
        last = (await after[0].made())["seq"]
        await collector.until(lambda space=space, last=last: last in collector.seqs(space))
        come = collector.seqs(space)
        assert [come.count(seq) for seq in (*seqs, last)] == [1] * (len(seqs) + 1)


async def test_f24_ev8_leader_frozen_at_random_moments_while_writes_go_on(
    backends: Backends, collector: EventCollector
) -> None:
    chance = random.Random(8)  # noqa: S311 - any moment will do
    devices = await on_each(backends)
    async with Writers(devices, chance) as writers:
        for _ in range(3):
            await writers.more(chance.randrange(5, 60))
            leader = await backends.leader()
            leader.pause()
            await backends.leader(but=leader)
            published = len(collector.events)
            await collector.until(lambda published=published: len(collector.events) > published)
            leader.resume()
            await leader.ready()
    await check_all_published(collector, writers, devices[0])


async def test_ev8_stopped_leader_hands_over(backends: Backends, collector: EventCollector) -> None:
    devices = await on_each(backends)
    leader = await backends.leader()
    await devices[0].made()
    # In a thread, for the collector has to answer meanwhile.
    await asyncio.to_thread(leader.stop)
    successor = await backends.leader()
    assert successor is not leader
    await devices[backends.all.index(successor)].made()
    await collector.until(lambda: len(collector.events) >= 2)
    assert [event["seq"] for event in collector.events] == [1, 2], "nothing was left to be published again"


async def test_ev8_restarts_of_postgres_lose_no_event(
    backends: Backends, collector: EventCollector, postgres_server: PostgresServer
) -> None:
    chance = random.Random(25)  # noqa: S311 - any moment will do
    devices = await on_each(backends)
    async with Writers(devices, chance) as writers:
        for _ in range(3):
            await writers.more(chance.randrange(5, 60))
            await asyncio.to_thread(postgres_server.stop)
            await asyncio.to_thread(postgres_server.start)
    await check_all_published(collector, writers, devices[0])
