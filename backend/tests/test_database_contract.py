"""What the database port promises, on SQLite and on PostgreSQL."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from sqlalchemy import Connection, text

from tandem_backend.settings import BackendSettings
from tandem_backend.storage import outbox
from tandem_backend.storage.database import Database, StorageUnavailableError
from tandem_backend.storage.locate import open_database

PATIENCE = 30.0


class Hold:
    """An operation that holds its writer until it is let go."""

    def __init__(self) -> None:
        self.begun: Future[None] = Future()
        self.go = threading.Event()

    def __call__(self, connection: Connection) -> str:
        outbox.add(connection, b"held")
        if not self.begun.done():
            self.begun.set_result(None)
        assert self.go.wait(PATIENCE)
        return "held"

    async def wait(self) -> None:
        await asyncio.wait_for(asyncio.wrap_future(self.begun), PATIENCE)


def add(event: bytes) -> Callable[[Connection], bytes]:
    def operation(connection: Connection) -> bytes:
        outbox.add(connection, event)
        return event

    return operation


def fail_after_write(connection: Connection) -> None:
    outbox.add(connection, b"of the failing one")
    raise LookupError("on purpose")


def fail_in_sql(connection: Connection) -> None:
    outbox.add(connection, b"of the one with the bad statement")
    connection.execute(text("INSERT INTO outbox (id, event) VALUES (1, NULL)"))


async def stored(database: Database) -> list[bytes]:
    return [row.event for row in await database.read(lambda connection: outbox.waiting(connection, [], 10_000))]


async def test_write_returns_what_its_operation_did_and_is_read(database: Database) -> None:
    assert await database.write(add(b"one")) == b"one"
    assert await stored(database) == [b"one"]


async def test_failing_operation_is_undone_and_its_error_comes_out(database: Database) -> None:
    with pytest.raises(LookupError, match="on purpose"):
        await database.write(fail_after_write)
    assert await stored(database) == []
    await database.write(add(b"next"))
    assert await stored(database) == [b"next"]


async def test_failing_operation_takes_nobody_with_it(database: Database) -> None:
    """The writes of one group commit stand or fall each for itself."""
    hold = Hold()
    held = asyncio.create_task(database.write(hold))
    await hold.wait()
    operations: list[Callable[[Connection], Any]] = [add(b"a"), fail_after_write, add(b"b"), fail_in_sql, add(b"c")]
    waiting: list[asyncio.Task[Any]] = [asyncio.create_task(database.write(operation)) for operation in operations]
    # One turn of the loop: all of them are in the queue before the writer looks again.
    await asyncio.sleep(0)
    hold.go.set()
    results: list[Any] = await asyncio.gather(held, *waiting, return_exceptions=True)
    assert [result for result in results if not isinstance(result, BaseException)] == ["held", b"a", b"b", b"c"]
    assert isinstance(results[2], LookupError)
    assert isinstance(results[4], Exception)
    assert sorted(await stored(database)) == [b"a", b"b", b"c", b"held"]


async def test_reads_do_not_wait_for_a_writer(database: Database) -> None:
    await database.write(add(b"before"))
    hold = Hold()
    held = asyncio.create_task(database.write(hold))
    await hold.wait()
    assert await asyncio.wait_for(stored(database), PATIENCE) == [b"before"]
    hold.go.set()
    await held
    assert sorted(await stored(database)) == [b"before", b"held"]


async def test_fd2_read_sees_one_snapshot(database: Database) -> None:
    await database.write(add(b"one"))
    first: Future[int] = Future()
    go = threading.Event()

    def twice(connection: Connection) -> tuple[int, int]:
        before = outbox.size(connection)
        first.set_result(before)
        assert go.wait(PATIENCE)
        return before, outbox.size(connection)

    reading = asyncio.create_task(database.read(twice))
    await asyncio.wait_for(asyncio.wrap_future(first), PATIENCE)
    await database.write(add(b"two"))
    go.set()
    assert await reading == (1, 1)
    assert len(await stored(database)) == 2


async def test_listener_is_called_on_the_loop_after_commits_only(database: Database) -> None:
    loop = asyncio.get_running_loop()
    calls: list[bool] = []
    called = asyncio.Event()

    def listener() -> None:
        calls.append(asyncio.get_running_loop() is loop)
        called.set()

    database.on_commit(listener)
    with pytest.raises(LookupError):
        await database.write(fail_after_write)
    await stored(database)
    assert calls == []
    await database.write(add(b"one"))
    await asyncio.wait_for(called.wait(), PATIENCE)
    assert calls == [True]


async def test_wr6_what_was_answered_is_there_after_closing(settings: BackendSettings) -> None:
    database = open_database(settings)
    written = await asyncio.gather(*(database.write(add(b"%d" % number)) for number in range(100)))
    await database.close()
    again = open_database(settings)
    assert sorted(await stored(again)) == sorted(written)
    await again.close()


async def test_closing_answers_the_writes_in_flight(settings: BackendSettings) -> None:
    database = open_database(settings)
    hold = Hold()
    held = asyncio.create_task(database.write(hold))
    await hold.wait()
    waiting: list[asyncio.Task[Any]] = [
        asyncio.create_task(database.write(add(b"%d" % number))) for number in range(20)
    ]
    await asyncio.sleep(0)
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    hold.go.set()
    await asyncio.wait_for(closing, PATIENCE)
    results: list[Any] = await asyncio.wait_for(asyncio.gather(held, *waiting), PATIENCE)
    again = open_database(settings)
    assert len(await stored(again)) == len(results) == 21
    await again.close()


async def test_closed_database_is_unavailable(settings: BackendSettings) -> None:
    database = open_database(settings)
    await database.close()
    await database.close()
    with pytest.raises(StorageUnavailableError):
        await database.write(add(b"late"))
    with pytest.raises(StorageUnavailableError):
        await stored(database)


async def test_cancelled_caller_hurts_nobody(database: Database) -> None:
    hold = Hold()
    held = asyncio.create_task(database.write(hold))
    await hold.wait()
    gone = asyncio.create_task(database.write(add(b"of one that went away")))
    other = asyncio.create_task(database.write(add(b"other")))
    await asyncio.sleep(0)
    gone.cancel()
    hold.go.set()
    assert await asyncio.gather(held, other) == ["held", b"other"]
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await database.write(add(b"next")) == b"next"


async def test_ev3_commit_whose_caller_was_cancelled_calls_the_listeners(database: Database) -> None:
    """It may hold events; nobody else would wake the relay for them."""
    called = asyncio.Event()
    database.on_commit(called.set)
    hold = Hold()
    gone = asyncio.create_task(database.write(hold))
    await hold.wait()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert not called.is_set()
    hold.go.set()
    await asyncio.wait_for(called.wait(), PATIENCE)
    assert await stored(database) == [b"held"]


async def test_many_writers_at_once_all_arrive(database: Database) -> None:
    await asyncio.gather(*(database.write(add(b"%d" % number)) for number in range(600)))
    assert {int(event) for event in await stored(database)} == set(range(600))
