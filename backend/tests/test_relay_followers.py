"""EV8: the relays of several backends on one PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from tandem_backend.services import event_publisher
from tandem_backend.services.event_publisher import EventPublisher
from tandem_backend.storage import outbox
from tandem_backend.storage.postgres import PostgresDatabase
from tandem_backend.storage.postgres_leadership import PostgresLeadership
from tandem_platform.bus import BusUnavailableError
from tandem_testing.backend import PATIENCE, RecordingBus
from tandem_testing.postgres import PostgresServer

pytestmark = pytest.mark.postgres


class NotedLeadership(PostgresLeadership):
    """Counts what wakes its relay."""

    def __init__(self, url: str) -> None:
        super().__init__(url, jitter=lambda: 0.5)
        self.woken = asyncio.Semaphore(0)

    def start(self, changed: Callable[[], None]) -> None:
        def noted() -> None:
            self.woken.release()
            changed()

        super().start(noted)


@dataclass(frozen=True)
class Relay:
    """What a backend has of it."""

    database: PostgresDatabase
    bus: RecordingBus
    leadership: NotedLeadership
    publisher: EventPublisher
    registry: CollectorRegistry

    async def add(self, numbers: Iterable[int]) -> None:
        def operation(connection: Connection) -> None:
            for number in numbers:
                outbox.add(connection, b'{"n":%d}' % number)

        await self.database.write(operation)

    def metric(self, name: str) -> float | None:
        return self.registry.get_sample_value(name)


@asynccontextmanager
async def relay(url: str) -> AsyncGenerator[Relay]:
    """Run a relay, with a database pool, a bus and a connection of its own."""
    database, bus = PostgresDatabase(url, 2), RecordingBus()
    registry, leadership = CollectorRegistry(), NotedLeadership(url)
    publisher = EventPublisher(database, bus, registry=registry, jitter=lambda: 0.5, leadership=leadership)
    publisher.start()
    try:
        yield Relay(database, bus, leadership, publisher, registry)
    finally:
        await asyncio.wait_for(publisher.stop(), PATIENCE)
        await database.close()


@asynccontextmanager
async def leader_and_follower(url: str) -> AsyncGenerator[tuple[Relay, Relay]]:
    async with AsyncExitStack() as stack:
        leader = await stack.enter_async_context(relay(url))
        await asyncio.wait_for(leader.leadership.woken.acquire(), PATIENCE)
        yield leader, await stack.enter_async_context(relay(url))


def numbers(relay: Relay) -> list[int]:
    return [event["n"] for event in relay.bus.published]


@pytest.fixture
def no_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the relay not look by itself."""
    monkeypatch.setattr(event_publisher, "_IDLE_SECONDS", 100 * PATIENCE)


@pytest.mark.usefixtures("no_looking")
async def test_ev3_follower_s_commits_wake_the_leader(postgres_url: str) -> None:
    async with leader_and_follower(postgres_url) as (leader, follower):
        for number in range(20):
            await follower.add([number])
            await asyncio.wait_for(leader.leadership.woken.acquire(), PATIENCE)
            assert [event["n"] for event in await leader.bus.take(1)] == [number]
        await leader.add([20])
        await leader.bus.take(1)
        assert follower.bus.published == []
        assert (leader.metric("tandem_relay_leader"), follower.metric("tandem_relay_leader")) == (1, 0)


@pytest.mark.usefixtures("no_looking")
async def test_ev8_events_committed_while_nobody_leads_wait_for_the_next_leader(postgres_url: str) -> None:
    async with relay(postgres_url) as first:
        await asyncio.wait_for(first.leadership.woken.acquire(), PATIENCE)
        await first.publisher.stop()
        await first.add(range(250))
        async with relay(postgres_url) as second:
            assert [event["n"] for event in await second.bus.take(250)] == list(range(250))
        assert first.bus.published == []


async def test_ev8_stopped_leader_leaves_nothing_to_publish_again(postgres_url: str) -> None:
    async with leader_and_follower(postgres_url) as (leader, follower):
        await leader.add(range(50))
        await leader.bus.take(50)
        await leader.publisher.stop()
        await follower.add([50])
        assert [event["n"] for event in await follower.bus.take(1)] == [50]
        assert follower.metric("tandem_relay_leader") == 1
        assert leader.metric("tandem_relay_leader") == 0


async def test_ev8_leader_whose_way_to_the_bus_is_broken_steps_aside(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_publisher, "_RETRY_FIRST", 0.001)
    async with leader_and_follower(postgres_url) as (leader, follower):
        leader.bus.failure = BusUnavailableError("its sidecar is down")
        await follower.add(range(3))
        assert [event["n"] for event in await follower.bus.take(3)] == [0, 1, 2]
        follower.bus.failure = BusUnavailableError("the broker is down for all")
        await follower.add([3])
        await leader.bus.tried(1)
        leader.bus.failure = None
        assert [event["n"] for event in await leader.bus.take(1)] == [3]


async def test_ev8_follower_has_no_backlog(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is the leader's."""
    monkeypatch.setattr(event_publisher, "_RETRY_MAX", 0.01)
    monkeypatch.setattr(event_publisher, "_ASIDE_FIRST", 1_000_000)
    async with leader_and_follower(postgres_url) as (leader, follower):
        leader.bus.failure = follower.bus.failure = BusUnavailableError("down")
        await follower.add(range(7))
        await leader.bus.tried(2)
        assert (leader.metric("tandem_outbox_backlog"), leader.publisher.stuck) == (7, True)
        assert (follower.metric("tandem_outbox_backlog"), follower.publisher.stuck) == (0, False)
        leader.leadership.step_aside()
        await follower.bus.tried(2)
        assert (follower.metric("tandem_outbox_backlog"), follower.publisher.stuck) == (7, True)
        async with asyncio.timeout(PATIENCE):
            while leader.publisher.stuck:
                await leader.add([7])
        assert leader.metric("tandem_outbox_backlog") == 0


async def test_ev1_ev8_restart_of_postgres_loses_and_reorders_nothing(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with leader_and_follower(postgres_url) as (leader, follower):
        for begin in range(0, 90, 30):
            await leader.add(range(begin, begin + 15))
            await follower.add(range(begin + 15, begin + 30))
            await asyncio.to_thread(postgres_server.stop)
            await asyncio.to_thread(postgres_server.start)
        await follower.add([90])
        # Either of them may be the one that publishes it.
        seen = [asyncio.create_task(relay.bus.saw(lambda event: event["n"] == 90)) for relay in (leader, follower)]
        await next(asyncio.as_completed(seen))
        for waiting in seen:
            waiting.cancel()
        await asyncio.wait(seen)
        first_seen = list(dict.fromkeys(numbers(leader) + numbers(follower)))
        assert sorted(first_seen) == list(range(91))
