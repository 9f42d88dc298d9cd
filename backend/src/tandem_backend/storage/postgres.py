"""PostgreSQL: the same operations on a pool of connections in threads."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import psycopg
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tandem_backend.storage.database import Operation, StorageFullError, StorageUnavailableError

T = TypeVar("T")

_TRIES: Final = 3
# Two requests met: the loser's transaction is repeated and then sees what the winner did.
_RACES: Final = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)
_FULL: Final = (psycopg.errors.DiskFull,)


def create_postgres_engine(url: str, connections: int = 1) -> Engine:
    """Return an engine for ``url`` (``postgresql://…``) with at most ``connections`` connections."""
    return create_engine(
        url.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=10,
        connect_args={"connect_timeout": 5},
    )


class PostgresDatabase:
    """The database port on PostgreSQL."""

    def __init__(self, url: str, connections: int = 8) -> None:
        """Create the pool; connections are opened when they are needed."""
        self._listeners: list[Callable[[], None]] = []
        self._engine = create_postgres_engine(url, connections)
        self._write_engine = self._engine.execution_options(isolation_level="READ COMMITTED")
        self._read_engine = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="postgres")
        self._closed = False

    async def write(self, operation: Operation[T]) -> T:
        """See `Database.write`."""
        self._require_open()
        result = await asyncio.get_running_loop().run_in_executor(self._pool, self._run, self._write_engine, operation)
        for listener in self._listeners:
            listener()
        return result

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
        await asyncio.to_thread(self._pool.shutdown)
        self._engine.dispose()

    def _require_open(self) -> None:
        if self._closed:
            raise StorageUnavailableError("the database is closed")

    def _run(self, engine: Engine, operation: Operation[T]) -> T:
        tries = 0
        while True:
            tries += 1
            try:
                with engine.begin() as connection:
                    return operation(connection)
            except DBAPIError as error:
                if isinstance(error.orig, _RACES) and tries < _TRIES:
                    continue
                raise _translate(error) from error
            except PoolTimeoutError as error:
                raise StorageUnavailableError("all connections to PostgreSQL are in use") from error


def _translate(error: DBAPIError) -> Exception:
    if isinstance(error.orig, _FULL):
        return StorageFullError("the disk of PostgreSQL is full")
    if isinstance(error.orig, psycopg.OperationalError):
        return StorageUnavailableError("PostgreSQL cannot be reached")
    return error
