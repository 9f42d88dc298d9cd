"""What has to be done now and then: fetch the keys, close what expired, forget what no longer matters."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from tandem_platform.jwks import KeysUnavailableError
from tandem_websocket.authentication import RefreshKeys

logger = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 1.0
"""How late a socket may be closed after its token's end."""
_KEYS_RETRY_SECONDS: Final = 1.0
_KEYS_REFRESH_SECONDS: Final = 300.0
"""A key that was withdrawn is trusted for so long."""


class KeyKeeper:
    """Fetches the backend's public keys at the start, until it has them, and again every five minutes."""

    def __init__(self, refresh_keys: RefreshKeys) -> None:
        self._refresh_keys = refresh_keys
        self.missing: str | None = "the backend's keys are not fetched yet"
        """Why no token can be verified; None when they can be."""

    async def run(self) -> None:
        """Keep the keys fresh for ever."""
        while True:
            try:
                await self._refresh_keys()
            except KeysUnavailableError as error:
                if self.missing is not None:
                    self._note_missing(f"the backend's keys cannot be fetched: {error}")
            else:
                self.missing = None
            await asyncio.sleep(_KEYS_REFRESH_SECONDS if self.missing is None else _KEYS_RETRY_SECONDS)

    def _note_missing(self, reason: str) -> None:
        if reason != self.missing:
            logger.warning("%s; check TANDEM_BACKEND_URL", reason)
        self.missing = reason


async def sweep(*jobs: Callable[[], None]) -> None:
    """Do the jobs once a second, for ever."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        for job in jobs:
            job()
