"""SQLite: one writer thread with group commit, and readers that it never blocks.

A commit that is durable costs an fsync, whatever is in it. So the writer takes all operations that wait into one
transaction, each under a savepoint of its own, and answers them after the commit. That multiplies writes per second
by the number of clients that write at once, and gives them up for none: WAL with ``synchronous=FULL``.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, QueuePool

from tandem_backend.storage.database import Operation, StorageFullError, StorageUnavailableError

T = TypeVar("T")

_GROUP_MAX: Final = 256
_READERS: Final = 4
_BUSY_SECONDS: Final = 5.0
# After these SQLite may have rolled the transaction back by itself, so the whole group fails with one of them.
_ENDS_TRANSACTION: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_READONLY,
    }
)


def create_sqlite_engine(path: Path, *, begin: str, readers: int = 0) -> Engine:
    """Return an engine for a database file.

    Args:
        path: The file; it is created when it is missing.
        begin: The statement that opens a transaction, ``BEGIN`` or ``BEGIN IMMEDIATE``.
        readers: Connections that are kept; 0 opens one for each use.
    """
    pool: dict[str, Any] = (
        {"poolclass": QueuePool, "pool_size": readers, "max_overflow": 0} if readers else {"poolclass": NullPool}
    )
    engine = create_engine(
        f"sqlite+pysqlite:///{path}",
        # Connections wander between the threads of a pool, one at a time.
        connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS},
        # Parameters are passwords' hashes and people's texts; errors are logged without them (AU6).
        hide_parameters=True,
        **pool,
    )

    def on_connect(connection: sqlite3.Connection, _: object) -> None:
        # Python's sqlite3 would open transactions by itself, and late; the dialect does it in time, see below.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    def do_begin(dbapi_connection: PoolProxiedConnection) -> None:
        dbapi_connection.cursor().execute(begin)

    event.listen(engine, "connect", on_connect)
    # Not by the engine's event "begin": one listener makes SQLAlchemy look for listeners at every statement.
    engine.dialect.do_begin = do_begin
    return engine


class _Write(NamedTuple):
    operation: Operation[Any]
    answer: asyncio.Future[Any]


class SqliteDatabase:
    """The database port on a SQLite file."""

    def __init__(self, path: Path) -> None:
        """Open the file, which has been migrated."""
        self._listeners: list[Callable[[], None]] = []
        self._waiting: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._write_engine = create_sqlite_engine(path, begin="BEGIN IMMEDIATE")
        self._read_engine = create_sqlite_engine(path, begin="BEGIN", readers=_READERS)
        self._read_pool = ThreadPoolExecutor(_READERS, thread_name_prefix="sqlite-read")
        self._closed = False
        self._writer = threading.Thread(target=self._write_forever, name="sqlite-write", daemon=True)
        self._writer.start()

    async def write(self, operation: Operation[T]) -> T:
        """See `Database.write`."""
        if self._closed:
            raise StorageUnavailableError("nothing was changed: the database is closed")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put(_Write(operation, answer))
        return await answer

    async def read(self, operation: Operation[T]) -> T:
        """See `Database.read`."""
        if self._closed:
            raise StorageUnavailableError("nothing was changed: the database is closed")
        return await asyncio.get_running_loop().run_in_executor(self._read_pool, self._read, operation)

    def on_commit(self, listener: Callable[[], None]) -> None:
        """See `Database.on_commit`."""
        self._listeners.append(listener)

    async def close(self) -> None:
        """See `Database.close`."""
        if self._closed:
            return
        self._closed = True
        self._waiting.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._read_pool.shutdown)
        self._read_engine.dispose()
        self._write_engine.dispose()

    def _read(self, operation: Operation[T]) -> T:
        try:
            with self._read_engine.begin() as connection:
                return operation(connection)
        except DBAPIError as error:
            raise _translate(error) from error

    def _write_forever(self) -> None:
        connection: Connection | None = None
        while (first := self._waiting.get()) is not None:
            group, last = self._gather(first)
            outcomes: list[_Outcome]
            try:
                if connection is None:
                    connection = self._write_engine.connect()
                outcomes = _commit_group(connection, group)
            except Exception as error:  # noqa: BLE001 - whatever it was, the callers learn it
                failure = _translate(error) if isinstance(error, DBAPIError | sqlite3.Error) else error
                outcomes = [failure] * len(group)
                if connection is not None:
                    with contextlib.suppress(DBAPIError):
                        connection.close()
                    connection = None
            first.answer.get_loop().call_soon_threadsafe(self._settle, group, outcomes)
            if last:
                break
        if connection is not None:
            connection.close()

    def _gather(self, first: _Write) -> tuple[list[_Write], bool]:
        """Return all that waits, and whether the end was reached."""
        group = [first]
        while len(group) < _GROUP_MAX:
            try:
                more = self._waiting.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return group, True
            group.append(more)
        return group, False

    def _settle(self, group: list[_Write], outcomes: "list[_Outcome]") -> None:
        # The relay first: its events are on their way while the answers are being written.
        if any(isinstance(outcome, _Result) for outcome in outcomes):
            for listener in self._listeners:
                listener()
        for (_, answer), outcome in zip(group, outcomes, strict=True):
            if answer.cancelled():
                continue
            if isinstance(outcome, _Result):
                answer.set_result(outcome.value)
            else:
                answer.set_exception(outcome)


class _Result(NamedTuple):
    value: Any


_Outcome = _Result | Exception


def _commit_group(connection: Connection, group: list[_Write]) -> list[_Outcome]:
    """Run the operations in one transaction; each one's failure undoes that one alone."""
    outcomes: list[_Outcome] = []
    with connection.begin():
        # The driver's own connection: SQLAlchemy's savepoints cost as much as several of an operation's statements.
        driver: Any = connection.connection.driver_connection
        for operation, _ in group:
            driver.execute("SAVEPOINT operation")
            try:
                outcomes.append(_Result(operation(connection)))
            except Exception as error:
                if isinstance(error, DBAPIError) and _code(error) in _ENDS_TRANSACTION:
                    raise
                driver.execute("ROLLBACK TO operation")
                outcomes.append(error)
            driver.execute("RELEASE operation")
    return outcomes


def _code(error: DBAPIError | sqlite3.Error) -> int:
    """Return SQLite's primary result code."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return getattr(original, "sqlite_errorcode", 0) & 0xFF


def _translate(error: DBAPIError | sqlite3.Error) -> Exception:
    code = _code(error)
    if code == sqlite3.SQLITE_FULL:
        return StorageFullError("the disk of the database is full")
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return StorageUnavailableError("nothing was changed: the database is locked by another program")
    if code in {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOMEM,
    }:
        return StorageUnavailableError(f"nothing was changed: {getattr(error, 'orig', error)}")
    return error
