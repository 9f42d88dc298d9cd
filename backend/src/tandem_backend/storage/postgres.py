"""PostgreSQL: the same operations on a pool of connections in threads."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import psycopg
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tandem_backend.storage.database import Operation, StorageFullError, StorageUnavailableError

T = TypeVar("T")

_TRIES: Final = 5
# Two requests met: the loser's transaction is repeated and then sees what the winner did.
_RACES: Final = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)
_STATEMENT_SECONDS: Final = 15
_IDLE_SECONDS: Final = 4
"""A transaction's next statement follows at once, unless the process stands still; others wait for its locks."""
_CLOSE_SECONDS: Final = 2.0
_FULL: Final = (psycopg.errors.DiskFull,)


def create_postgres_engine(
    url: str, connections: int = 1, *, statement_seconds: int = 0, idle_seconds: int = 60
) -> Engine:
    """Return an engine for a database.

    Args:
        url: ``postgresql://…``.
        connections: The most that are open.
        statement_seconds: How long the server may work on one statement, or wait for a lock; 0 for ever.
        idle_seconds: How long the server waits for the next statement of a transaction.
    """
    timeout = f"-c statement_timeout={statement_seconds}s -c idle_in_transaction_session_timeout={idle_seconds}s"
    return create_engine(
        _sqlalchemy_url(url),
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=10,
        # Parameters are passwords' hashes and people's texts; errors are logged without them (AU6).
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            "options": timeout,
            # A network that swallows everything is noticed within seconds rather than hours.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
        },
    )


def connection_arguments(url: str) -> dict[str, Any]:
    """Return what psycopg takes to connect to the same database as an engine of this URL."""
    parsed = make_url(_sqlalchemy_url(url))
    _, arguments = parsed.get_dialect()().create_connect_args(parsed)
    return dict(arguments)


def _sqlalchemy_url(url: str) -> str:
    return url.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)


class PostgresDatabase:
    """The database port on PostgreSQL."""

    def __init__(self, url: str, connections: int = 8) -> None:
        """Create the pool; connections are opened when they are needed."""
        self._listeners: list[Callable[[], None]] = []
        self._engine = create_postgres_engine(
            url, connections, statement_seconds=_STATEMENT_SECONDS, idle_seconds=_IDLE_SECONDS
        )
        self._in_use: set[psycopg.Connection[Any]] = set()
        event.listen(self._engine, "checkout", self._on_checkout)
        event.listen(self._engine, "checkin", self._on_checkin)
        self._write_engine = self._engine.execution_options(isolation_level="READ COMMITTED")
        self._read_engine = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="postgres")
        self._closed = False

    async def write(self, operation: Operation[T]) -> T:
        """See `Database.write`."""
        self._require_open()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._write, loop, operation)

    async def read(self, operation: Operation[T]) -> T:
        """See `Database.read`."""
        self._require_open()
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, self._read_engine, operation)

    def on_commit(self, listener: Callable[[], None]) -> None:
        """See `Database.on_commit`."""
        self._listeners.append(listener)

    async def close(self) -> None:
        """See `Database.close`."""
        self._closed = True
        finished = asyncio.create_task(asyncio.to_thread(self._pool.shutdown))
        try:
            await asyncio.wait_for(asyncio.shield(finished), _CLOSE_SECONDS)
        except TimeoutError:
            # A server that hangs would keep the threads, and with them the process, for ever.
            self._cut_connections()
            await finished
        self._engine.dispose()

    def _on_checkout(self, connection: psycopg.Connection[Any], *_: object) -> None:
        self._in_use.add(connection)

    def _on_checkin(self, connection: psycopg.Connection[Any], *_: object) -> None:
        self._in_use.discard(connection)

    def _cut_connections(self) -> None:
        for connection in tuple(self._in_use):
            with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as link:
                link.shutdown(socket.SHUT_RDWR)

    def _require_open(self) -> None:
        if self._closed:
            raise StorageUnavailableError("nothing was changed: the database is closed")

    def _write(self, loop: asyncio.AbstractEventLoop, operation: Operation[T]) -> T:
        result = self._run(self._write_engine, operation)
        # From here, for a caller that was cancelled meanwhile would not do it: its commit is one all the same.
        loop.call_soon_threadsafe(self._tell)
        return result

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _run(self, engine: Engine, operation: Operation[T]) -> T:
        tries = 0
        while True:
            tries += 1
            committing = False
            try:
                with engine.connect() as connection, connection.begin() as transaction:
                    result = operation(connection)
                    committing = True
                    transaction.commit()
                    return result
            except DBAPIError as error:
                if isinstance(error.orig, _RACES) and tries < _TRIES:
                    continue
                raise _translate(error, committing=committing) from error
            except PoolTimeoutError as error:
                raise StorageUnavailableError("nothing was changed: all connections are in use") from error


def _translate(error: DBAPIError, *, committing: bool) -> Exception:
    if isinstance(error.orig, _FULL):
        return StorageFullError("the disk of PostgreSQL is full")
    if isinstance(error.orig, _RACES):
        return StorageUnavailableError("nothing was changed: too many others change the same")
    if isinstance(error.orig, psycopg.errors.IdleInTransactionSessionTimeout):
        return StorageUnavailableError("nothing was changed: this program stood still too long")
    if isinstance(error.orig, psycopg.OperationalError):
        if committing:
            return StorageUnavailableError("PostgreSQL was lost while it saved; it may or may not have done so")
        return StorageUnavailableError("nothing was changed: PostgreSQL cannot be reached")
    return error
