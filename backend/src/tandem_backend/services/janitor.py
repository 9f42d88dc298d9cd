"""Forgetting what is past its time, once an hour."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection

from tandem_backend.storage import idempotency, sessions, throttle, tombstones
from tandem_backend.storage.database import Database, StorageFullError, StorageUnavailableError
from tandem_platform.clock import Clock

logger = logging.getLogger(__name__)

_INTERVAL_SECONDS: Final = 3600.0
_AT_ONCE: Final = 500
"""Rows removed in one transaction: everybody else's writes go in between."""
_DAY_MS: Final = 24 * 3600 * 1000
TOMBSTONE_DAYS: Final = 30
"""How long a deleted task can be restored, and a client be away without a reset of its copy."""
IDEMPOTENCY_DAYS: Final = 90
"""How long a client may keep an unsent edit and still be sure that it is not done twice."""


class Janitor:
    """Purges old rows."""

    def __init__(self, database: Database, *, session_days: int, clock: Clock) -> None:
        """Create it; sessions that were not used for ``session_days`` end."""
        self._database = database
        self._session_days = session_days
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to purge now and then."""
        self._task = asyncio.create_task(self._run(), name="janitor")

    async def stop(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def purge(self) -> None:
        """Purge once."""
        now = int(self._clock.now() * 1000)
        await self._purge(lambda c: tombstones.purge(c, now - TOMBSTONE_DAYS * _DAY_MS, _AT_ONCE))
        await self._purge(lambda c: idempotency.purge(c, now - IDEMPOTENCY_DAYS * _DAY_MS, _AT_ONCE))
        await self._purge(lambda c: sessions.purge(c, now - self._session_days * _DAY_MS, _AT_ONCE))
        await self._purge(lambda c: throttle.purge(c, now / 1000, _AT_ONCE))

    async def _purge(self, some: Callable[[Connection], int]) -> None:
        while await self._database.write(some) == _AT_ONCE:
            pass

    async def _run(self) -> None:
        while True:
            try:
                await self.purge()
            except (StorageUnavailableError, StorageFullError) as error:
                logger.warning("purging waits for the next hour: %s", error)
            except Exception:
                logger.exception("purging failed")
            await asyncio.sleep(_INTERVAL_SECONDS)
