"""One leader among the backends of a PostgreSQL database: the session that holds an advisory lock (EV8).

The lock is held by a connection of its own, which does nothing else, so PostgreSQL gives it to another backend the
moment that connection ends. It ends with the process. For a process that stands still, or a machine that is gone,
PostgreSQL ends the session that was silent for ``SILENCE_SECONDS``. A leader whose last heartbeat is older than
``FRESH_SECONDS``, which is less, therefore does not know whether it still leads, and asks before it publishes.

The same connection carries the wake-up: the others NOTIFY, the leader LISTENs. One NOTIFY is under way at a time,
however many commits there are. None is part of a write's transaction: all commits would wait for each other there.
"""

import asyncio
import contextlib
import logging
import os
import random
import socket
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

import psycopg
from psycopg.rows import TupleRow

from tandem_backend.storage.postgres import connection_arguments

logger = logging.getLogger(__name__)

Connection = psycopg.AsyncConnection[TupleRow]

_LOCK: Final = int.from_bytes(b"tndrelay")
"""The name of the advisory lock."""
_CHANNEL: Final = "tandem_outbox"
HEARTBEAT_SECONDS: Final = 1.0
"""How often the leader shows PostgreSQL that it lives."""
FRESH_SECONDS: Final = 1.5
"""How long after a heartbeat the leader need not ask whether it leads."""
SILENCE_SECONDS: Final = 3
"""How long PostgreSQL waits for a sign of life."""
REPLY_SECONDS: Final = 2.0
"""How long PostgreSQL may take to answer."""
TRY_SECONDS: Final = 0.5
"""How often the others try to become the leader, at the least."""
ASIDE_SECONDS: Final = 1.0
"""How long others may try first: twice as long as they wait between tries."""
_RETRY_FIRST: Final = 0.05
_RETRY_MAX: Final = 2.0
_IDLE_TIMEOUT_SINCE: Final = 140_000
"""Older servers free the lock of a frozen process only when that is killed."""


class PostgresLeadership:
    """`Leadership` by an advisory lock. All of it runs on one event loop."""

    def __init__(
        self,
        url: str,
        *,
        jitter: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create it; nothing is connected yet.

        Args:
            url: ``postgresql://…``; not of a pooler that shares sessions.
            jitter: Random numbers from 0 to 1 that spread tries.
            monotonic: Seconds since some moment.
        """
        self._arguments: dict[str, Any] = {
            **connection_arguments(url),
            "connect_timeout": 2,
            "keepalives_idle": 2,
            "keepalives_interval": 1,
            "keepalives_count": 2,
            "tcp_user_timeout": SILENCE_SECONDS * 1000,
        }
        self._jitter = jitter
        self._monotonic = monotonic
        self._changed: Callable[[], None] = lambda: None
        self._held = False
        self._heard_at = float("-inf")
        self._aside_until = float("-inf")
        self._to_announce = asyncio.Event()
        self._news = asyncio.Event()
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def leads(self) -> bool:
        """See `Leadership.leads`."""
        return self._held and self._monotonic() - self._heard_at <= FRESH_SECONDS

    def start(self, changed: Callable[[], None]) -> None:
        """See `Leadership.start`."""
        self._changed = changed
        self._task = asyncio.create_task(self._run(), name="relay leadership")

    async def confirm(self) -> bool:
        """See `Leadership.confirm`."""
        while self._held and not self.leads:
            # The heartbeat is overdue, so it comes, or fails, at once.
            self._news.clear()
            await self._news.wait()
        return self._held

    def announce(self) -> None:
        """See `Leadership.announce`."""
        if not self._held:
            self._to_announce.set()

    def step_aside(self) -> None:
        """See `Leadership.step_aside`."""
        if self._held:
            self._aside_until = self._monotonic() + HEARTBEAT_SECONDS + ASIDE_SECONDS

    async def stop(self) -> None:
        """See `Leadership.stop`."""
        if self._task is None:
            return
        task, self._task = self._task, None
        if self._connection is None:
            task.cancel()
        else:
            # Not by cancelling, see `_ask`.
            _cut(self._connection)
            self._to_announce.set()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _run(self) -> None:
        failures = 0
        while True:
            connected = False
            try:
                async with self._connected() as connection:
                    connected = True
                    while True:
                        await self._follow(connection)
                        await self._lead(connection)
            except (psycopg.Error, OSError) as error:
                failures = 0 if connected else failures + 1
                if failures <= 1 and self._task is not None:
                    logger.warning("the relay's lock has no connection: %s", " ".join(str(error).split()))
            except Exception:
                # A bug must not leave the events without a leader.
                failures += 1
                logger.exception("the relay's lock failed")
            if self._task is None:
                return
            wait = min(_RETRY_MAX, _RETRY_FIRST * 2 ** min(failures, 10))
            await asyncio.sleep(wait * (0.5 + self._jitter() / 2))

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncGenerator[Connection]:
        """Yield a connection; whatever ends it ends the leadership."""
        connection = await psycopg.AsyncConnection.connect(autocommit=True, prepare_threshold=None, **self._arguments)
        self._connection = connection
        try:
            if connection.info.server_version >= _IDLE_TIMEOUT_SINCE:
                await _ask(connection, f"SET idle_session_timeout = '{SILENCE_SECONDS}s'")
            # A notification is worth no disk access.
            await _ask(connection, "SET synchronous_commit = off")
            yield connection
        finally:
            self._connection = None
            self._lose()
            await connection.close()

    async def _follow(self, connection: Connection) -> None:
        """Announce commits to the leader until the lock is held."""
        while True:
            asked_at = self._monotonic()
            if asked_at >= self._aside_until and await _ask(connection, f"SELECT pg_try_advisory_lock({_LOCK})"):
                self._heard_at = asked_at
                return
            next_try = asked_at + TRY_SECONDS * (0.5 + self._jitter() / 2)
            while (rest := next_try - self._monotonic()) > 0:
                try:
                    await asyncio.wait_for(self._to_announce.wait(), rest)
                except TimeoutError:
                    break
                self._to_announce.clear()
                await _ask(connection, f"NOTIFY {_CHANNEL}")

    async def _lead(self, connection: Connection) -> None:
        """Listen, and show PostgreSQL that this process lives, until it is to step aside."""
        await _ask(connection, f"LISTEN {_CHANNEL}")
        self._held = True
        # The first look at the outbox finds what was committed before anybody listened.
        self._to_announce.clear()
        logger.info("this backend publishes the events from now on")
        self._changed()
        while self._monotonic() >= self._aside_until:
            async for _ in connection.notifies(timeout=HEARTBEAT_SECONDS):
                self._changed()
            asked_at = self._monotonic()
            await _ask(connection, "SELECT 1")
            self._heard_at = asked_at
            self._news.set()
        self._lose()
        logger.info("this backend lets another one publish the events")
        await _ask(connection, f"UNLISTEN {_CHANNEL}")
        await _ask(connection, f"SELECT pg_advisory_unlock({_LOCK})")

    def _lose(self) -> None:
        if self._held:
            self._held = False
            # What was committed since is news to the next leader.
            self._to_announce.set()
            self._changed()
        self._news.set()


async def _ask(connection: Connection, statement: str) -> Any:
    """Run a statement and return the first value of its answer, None where there is no row.

    Raises:
        psycopg.Error: The connection is lost, or there was no answer in time, and now it is.
    """
    # Not by cancelling, which would ask the same silent server to cancel the statement.
    cut = asyncio.get_running_loop().call_later(REPLY_SECONDS, _cut, connection)
    try:
        cursor = await connection.execute(statement.encode())
        row = await cursor.fetchone() if cursor.description else None
        return None if row is None else row[0]
    finally:
        cut.cancel()


def _cut(connection: Connection) -> None:
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as link:
        link.shutdown(socket.SHUT_RDWR)
