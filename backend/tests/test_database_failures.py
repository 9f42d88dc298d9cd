"""What each database does when it cannot: nothing half done, the right error, and usable again afterwards."""

import asyncio
import select
import sqlite3
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from tandem_backend.settings import BackendSettings
from tandem_backend.storage import outbox
from tandem_backend.storage.database import StorageFullError, StorageUnavailableError
from tandem_backend.storage.locate import open_database, sqlite_path
from tandem_backend.storage.postgres import PostgresDatabase
from tandem_backend.storage.sqlite import SqliteDatabase
from tandem_testing.backend import backend_harness, settings_for
from tandem_testing.postgres import PostgresServer


def add(connection: Connection) -> None:
    outbox.add(connection, b"x")


@contextmanager
def lock(path: Path) -> Generator[None]:
    """Hold the write lock of a SQLite file as another program would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait five seconds for the lock."""
    monkeypatch.setattr("tandem_backend.storage.sqlite._BUSY_SECONDS", 0.05)


@pytest.mark.usefixtures("short_patience")
async def test_sqlite_locked_by_another_program_is_unavailable(sqlite_settings: BackendSettings) -> None:
    database = open_database(sqlite_settings)
    with lock(sqlite_path(sqlite_settings)):
        with pytest.raises(StorageUnavailableError, match="locked"):
            await database.write(add)
        assert await database.read(outbox.size) == 0
    await database.write(add)
    assert await database.read(outbox.size) == 1
    await database.close()


@pytest.mark.usefixtures("short_patience")
async def test_wr8_locked_database_is_answered_503(sqlite_settings: BackendSettings) -> None:
    async with backend_harness(sqlite_settings) as server:
        ada = await server.register()
        with lock(sqlite_path(sqlite_settings)):
            reply = await ada.create()
            listed = await ada.tasks()
        assert (reply.status_code, reply.json()["code"]) == (503, "unavailable")
        assert int(reply.headers["retry-after"]) > 0
        assert listed["tasks"] == []
        assert (await ada.create()).json()["seq"] == 1


async def set_size_limit(database: SqliteDatabase, more_pages: int | None) -> None:
    """Let the file grow by some pages and no more; without a number, as it likes."""

    def operation(connection: Connection) -> None:
        present = connection.execute(text("PRAGMA page_count")).scalar_one()
        limit = 1_000_000 if more_pages is None else present + more_pages
        connection.execute(text(f"PRAGMA max_page_count={limit}"))

    await database.write(operation)


async def test_full_disk_fails_the_write_and_nothing_is_half_done(sqlite_settings: BackendSettings) -> None:
    async with backend_harness(sqlite_settings) as server:
        ada = await server.register()
        kept = await ada.made(title="before")
        database = server.backend.context.database
        assert isinstance(database, SqliteDatabase)
        before = await server.events(), await ada.changes()
        await set_size_limit(database, 1)
        reply = await ada.create("key-of-the-full-disk", description="x" * 20_000)
        assert (reply.status_code, reply.json()["code"]) == (507, "storage_full")
        assert (await server.events(), await ada.changes()) == before
        # SQLite keeps a limit for each connection, and a failed writer opens a new one.
        again = await ada.create("key-of-the-full-disk", description="x" * 20_000)
        assert (again.status_code, again.json()["seq"]) == (201, kept["seq"] + 1)
        assert "idempotency-replayed" not in again.headers


async def test_full_disk_fails_the_whole_group_with_one_error(sqlite_settings: BackendSettings) -> None:
    """SQLite may end the transaction by itself, so that no write of the group may count as done."""
    database = open_database(sqlite_settings)
    assert isinstance(database, SqliteDatabase)
    await set_size_limit(database, 2)
    go, begun = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(_: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert go.wait(30)

    held = asyncio.create_task(database.write(hold))
    await asyncio.wait_for(begun.wait(), 30)
    writes = [
        asyncio.create_task(database.write(add)),
        asyncio.create_task(database.write(lambda connection: outbox.add(connection, b"x" * 100_000))),
        asyncio.create_task(database.write(add)),
    ]
    await asyncio.sleep(0)
    go.set()
    await held
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(result) for result in results] == [StorageFullError] * 3
    assert await database.read(outbox.size) == 0
    await database.write(add)
    assert await database.read(outbox.size) == 1
    await database.close()


async def test_unusable_sqlite_file_is_unavailable(sqlite_settings: BackendSettings) -> None:
    sqlite_path(sqlite_settings).write_bytes(b"this is no database" * 1000)
    database = open_database(sqlite_settings)
    with pytest.raises(StorageUnavailableError):
        await database.write(add)
    with pytest.raises(StorageUnavailableError):
        await database.read(outbox.size)
    await database.close()


@pytest.mark.postgres
async def test_stopped_postgres_is_unavailable_and_works_after_its_restart(
    postgres_server: PostgresServer, postgres_settings: BackendSettings
) -> None:
    async with backend_harness(postgres_settings) as server:
        ada = await server.register()
        await ada.made(title="before")
        postgres_server.stop()
        try:
            for _ in range(3):
                reply = await ada.create("key-of-the-outage")
                assert (reply.status_code, reply.json()["code"]) == (503, "unavailable")
                assert (await ada.call("GET", "tasks")).status_code == 503
        finally:
            postgres_server.start()
        assert (await ada.create("key-of-the-outage")).json()["seq"] == 2
        assert len((await ada.tasks())["tasks"]) == 2


@pytest.mark.postgres
async def test_connection_that_ends_in_a_transaction_leaves_nothing(postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url, connections=2)

    def suicide(connection: Connection) -> None:
        outbox.add(connection, b"x")
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StorageUnavailableError):
        await database.write(suicide)
    assert await database.read(outbox.size) == 0
    await database.write(add)
    assert await database.read(outbox.size) == 1
    await database.close()


@pytest.mark.postgres
async def test_program_that_stands_still_in_a_transaction_holds_nobody_up(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a frozen backend does: its rows are free again soon, and what it did in them is undone."""
    monkeypatch.setattr("tandem_backend.storage.postgres._IDLE_SECONDS", 1)
    database = PostgresDatabase(postgres_url)

    def stands_still(connection: Connection) -> None:
        add(connection)
        # Until the server says good-bye.
        driver: Any = connection.connection.driver_connection
        readable, _, _ = select.select([driver], [], [], 30)
        assert readable
        add(connection)

    with pytest.raises(StorageUnavailableError, match=r"nothing was changed.*stood still"):
        await database.write(stands_still)
    assert await database.read(outbox.size) == 0
    await database.write(add)
    await database.close()


@pytest.mark.postgres
async def test_full_postgres_is_storage_full(postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url, connections=1)

    def full(connection: Connection) -> None:
        outbox.add(connection, b"x")
        connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$"))

    with pytest.raises(StorageFullError):
        await database.write(full)
    assert await database.read(outbox.size) == 0
    await database.close()


@pytest.mark.postgres
async def test_postgres_out_of_reach_is_unavailable(tmp_path: Path) -> None:
    database = open_database(settings_for(tmp_path, f"postgresql://postgres@/tandem?host={tmp_path}"))
    with pytest.raises(StorageUnavailableError):
        await database.write(add)
    await database.close()


@pytest.mark.postgres
async def test_postgres_repeats_what_lost_a_race(postgres_url: str) -> None:
    """A deadlock's victim is run again and neither caller hears of it."""
    database = PostgresDatabase(postgres_url, connections=2)
    await database.write(lambda connection: [outbox.add(connection, b"x") for _ in range(2)])
    meet = threading.Barrier(2)
    runs: list[str] = []

    def crossing(name: str, first: int, second: int) -> Any:
        def operation(connection: Connection) -> None:
            runs.append(name)
            change = text("UPDATE outbox SET event = event || 'y' WHERE id = :id")
            connection.execute(change, {"id": first})
            if runs.count(name) == 1:
                meet.wait(30)
            connection.execute(change, {"id": second})

        return operation

    await asyncio.gather(database.write(crossing("a", 1, 2)), database.write(crossing("b", 2, 1)))
    # The victim may lose again before the other one has committed.
    assert len(runs) >= 3
    rows = await database.read(lambda connection: outbox.waiting(connection, [], 10))
    assert [row.event for row in rows] == [b"xyy", b"xyy"]
    await database.close()


async def test_sqlite_commits_a_group_at_once(sqlite_settings: BackendSettings) -> None:
    """Group commit: what waits while the writer is busy shares one transaction, so one fsync."""
    database = open_database(sqlite_settings)
    commits: list[None] = []
    database.on_commit(lambda: commits.append(None))
    go, begun = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(_: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert go.wait(30)

    held = asyncio.create_task(database.write(hold))
    await asyncio.wait_for(begun.wait(), 30)
    writes = [asyncio.create_task(database.write(add)) for _ in range(50)]
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(held, *writes)
    assert len(commits) == 2
    await database.close()
