"""The relay from the outbox to the bus: EV1 to EV4."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from tandem_backend.services import event_publisher
from tandem_backend.services.event_publisher import EventPublisher
from tandem_backend.settings import BackendSettings
from tandem_backend.storage import outbox
from tandem_backend.storage.database import Database, Operation, StorageFullError, StorageUnavailableError
from tandem_platform.bus import BusUnavailableError
from tandem_protocol.events import SessionRevoked, TaskEvent
from tandem_testing.backend import PATIENCE, BackendHarness, RecordingBus, backend_harness

T = TypeVar("T")


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The relay's order of events does not depend on how long it rests; the tests need not wait for it."""
    monkeypatch.setattr(event_publisher, "_IDLE_SECONDS", 0.02)
    monkeypatch.setattr(event_publisher, "_RETRY_FIRST", 0.001)
    monkeypatch.setattr(event_publisher, "_RETRY_MAX", 0.02)


class TroubledDatabase:
    """A database that fails when told to, and never wakes anybody unless it ``wakes``."""

    def __init__(self, inner: Database, *, wakes: bool = True) -> None:
        self.inner = inner
        self.wakes = wakes
        self.failed = asyncio.Event()
        self.read_failure: Exception | None = None
        self.write_failure: Exception | None = None

    async def write(self, operation: Operation[T]) -> T:
        if self.write_failure is not None:
            raise self.write_failure
        return await self.inner.write(operation)

    async def read(self, operation: Operation[T]) -> T:
        if self.read_failure is not None:
            self.failed.set()
            raise self.read_failure
        return await self.inner.read(operation)

    def on_commit(self, listener: Callable[[], None]) -> None:
        if self.wakes:
            self.inner.on_commit(listener)

    async def close(self) -> None:
        await self.inner.close()


def new_relay(database: Database, bus: RecordingBus) -> EventPublisher:
    return EventPublisher(database, bus, registry=CollectorRegistry(), jitter=lambda: 0.5)


@asynccontextmanager
async def running(database: Database, bus: RecordingBus) -> AsyncGenerator[EventPublisher]:
    relay = new_relay(database, bus)
    relay.start()
    try:
        yield relay
    finally:
        await relay.stop()


async def add(database: Database, numbers: Iterable[int]) -> None:
    def operation(connection: Connection) -> None:
        for number in numbers:
            outbox.add(connection, b'{"n":%d}' % number)

    await database.write(operation)


async def left(database: Database) -> int:
    return await database.read(outbox.size)


async def emptied(database: Database) -> None:
    """Wait until the relay has removed everything: a wait for its own commits, no clock."""
    changed = asyncio.Event()
    database.on_commit(changed.set)
    async with asyncio.timeout(PATIENCE):
        while await left(database):
            await changed.wait()
            changed.clear()


def numbers(events: list[dict[str, Any]]) -> list[int]:
    return [event["n"] for event in events]


async def test_ev2_backlog_of_many_batches_comes_in_order(database: Database) -> None:
    await add(database, range(750))
    bus = RecordingBus()
    async with running(database, bus):
        await add(database, range(750, 760))
        assert numbers(await bus.take(760)) == list(range(760))
    assert await left(database) == 0
    assert len(bus.published) == 760, "nothing was published twice"


async def test_ev1_removed_only_after_the_bus_took_it(database: Database) -> None:
    bus = RecordingBus()
    bus.failure = BusUnavailableError("down")
    async with running(database, bus) as relay:
        await add(database, range(3))
        await bus.tried(3)
        assert relay.stuck
        assert await left(database) == 3
        bus.failure = None
        assert numbers(await bus.take(3)) == [0, 1, 2]
        await emptied(database)
        assert not relay.stuck


async def test_ev2_concurrent_commits_are_published_in_their_order(server: BackendHarness) -> None:
    ada = await server.register()
    server.backend.publisher.start()
    await asyncio.gather(*(ada.made(title=f"{number}") for number in range(60)))
    assert [event["seq"] for event in await server.bus.take(60)] == list(range(1, 61))


async def test_ev3_event_is_published_again_after_a_crash_before_its_removal(database: Database) -> None:
    """F24: at least once, in order; the second relay is the process that came after."""
    troubled = TroubledDatabase(database)
    bus = RecordingBus()
    async with running(troubled, bus):
        await add(database, range(5))
        await bus.take(5)
        troubled.write_failure = StorageUnavailableError("killed before it could remove")
    assert await left(database) == 5
    async with running(database, bus):
        await add(database, [5])
        assert numbers(await bus.take(6)) == [0, 1, 2, 3, 4, 5]
    assert await left(database) == 0


async def test_ev3_lost_wake_up_costs_no_event(database: Database) -> None:
    bus = RecordingBus()
    async with running(TroubledDatabase(database, wakes=False), bus):
        for number in range(3):
            await add(database, [number])
            assert numbers(await bus.take(1)) == [number]


async def test_ev3_commit_wakes_the_relay(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its looking by itself."""
    monkeypatch.setattr(event_publisher, "_IDLE_SECONDS", 10 * PATIENCE)
    bus = RecordingBus()
    async with running(database, bus):
        for number in range(20):
            await add(database, [number])
            assert numbers(await bus.take(1)) == [number]


async def test_ev4_bus_that_is_down_for_long_keeps_the_order_and_holds_nobody_up(server: BackendHarness) -> None:
    """F25."""
    ada = await server.register()
    server.bus.failure = BusUnavailableError("down")
    server.backend.publisher.start()
    for number in range(30):
        assert (await ada.create(title=f"{number}")).status_code == 201
        if number % 10 == 0:
            await server.bus.tried(2)
    assert server.backend.publisher.stuck
    assert await server.backend.not_ready() == []
    assert server.bus.published == []
    server.bus.failure = None
    assert [event["seq"] for event in await server.bus.take(30)] == list(range(1, 31))


async def test_ev4_no_request_waits_for_a_bus_that_hangs(settings: BackendSettings) -> None:
    bus = RecordingBus()
    async with backend_harness(settings, bus=bus) as server:
        ada = await server.register()
        bus.hanging = True
        server.backend.publisher.start()
        tried = asyncio.create_task(bus.tried(1))
        assert (await ada.create()).status_code == 201
        await tried
        assert (await asyncio.wait_for(ada.create(), PATIENCE)).status_code == 201
        await asyncio.wait_for(server.backend.publisher.stop(patience=0.05), PATIENCE)
        assert len(await server.events()) == 2
        bus.hanging = False
        server.backend.publisher.start()
        assert [event["seq"] for event in await bus.take(2)] == [1, 2]


@pytest.mark.parametrize(
    "failure",
    [
        BusUnavailableError("down"),
        RuntimeError("a bug"),
        TimeoutError(),
        asyncio.CancelledError(),
        ExceptionGroup("several", [OSError("one"), ValueError("two")]),
        StopIteration(),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_ev4_whatever_the_bus_raises_the_relay_goes_on(database: Database, failure: BaseException) -> None:
    bus = RecordingBus()
    bus.failure = failure
    async with running(database, bus):
        await add(database, range(2))
        await bus.tried(3)
        bus.failure = None
        assert numbers(await bus.take(2)) == [0, 1]


@pytest.mark.parametrize("failure", [StorageUnavailableError("away"), StorageFullError("full"), RuntimeError("a bug")])
async def test_database_that_fails_does_not_end_the_relay(database: Database, failure: Exception) -> None:
    troubled = TroubledDatabase(database)
    bus = RecordingBus()
    async with running(troubled, bus):
        troubled.read_failure = failure
        await add(database, range(2))
        await asyncio.wait_for(troubled.failed.wait(), PATIENCE)
        assert bus.published == []
        troubled.read_failure = None
        assert numbers(await bus.take(2)) == [0, 1]
        troubled.write_failure = failure
        await add(database, range(2, 302))
        assert numbers(await bus.take(300)) == list(range(2, 302))
        troubled.write_failure = None
        await emptied(database)
    assert len(bus.published) == 302, "what could not be removed was known to be published"


async def test_stop_publishes_what_is_left(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_publisher, "_IDLE_SECONDS", 10 * PATIENCE)
    bus = RecordingBus()
    relay = new_relay(TroubledDatabase(database, wakes=False), bus)
    relay.start()
    await add(database, range(250))
    await relay.stop(PATIENCE)
    assert numbers(bus.published) == list(range(250))
    assert await left(database) == 0
    await relay.stop()


async def test_stop_does_not_wait_for_a_bus_that_is_down(database: Database) -> None:
    bus = RecordingBus()
    bus.failure = BusUnavailableError("down")
    relay = new_relay(database, bus)
    relay.start()
    await add(database, range(3))
    await asyncio.wait_for(relay.stop(patience=0.05), PATIENCE)
    assert await left(database) == 3


async def test_ev1_no_change_no_event(server: BackendHarness) -> None:
    """What is refused, or changes nothing, leaves nothing in the outbox."""
    ada = await server.register()
    task = await ada.made()
    await ada.patch(task["id"], title="task")
    await ada.create(id=task["id"])
    await ada.create(space="0193e2a4-0000-7000-8000-000000000000")
    await ada.patch("0193e2a4-0000-7000-8000-000000000000", title="x")
    assert len(await server.events()) == 1


async def test_events_are_what_the_protocol_says(server: BackendHarness) -> None:
    """EV6, EV7."""
    ada = await server.register(headers={"user-agent": "curl/8.5.0"})
    other = await server.login()
    task = await ada.made(title="Milk")
    await ada.delete(task["id"])
    await ada.call("DELETE", f"/api/auth/sessions/{other.session_id}")
    created, deleted = [TaskEvent.model_validate(event) for event in (await server.events())[:2]]
    assert created.audience == [ada.user_id]
    assert (created.actor.device_id, created.actor.device, created.actor.name) == (ada.session_id, "curl", "ada")
    assert (deleted.task.title, deleted.task.seq, deleted.seq) == ("Milk", 2, 2)
    revoked = SessionRevoked.model_validate((await server.events())[2])
    assert (revoked.user_id, revoked.sessions) == (ada.user_id, [other.session_id])
