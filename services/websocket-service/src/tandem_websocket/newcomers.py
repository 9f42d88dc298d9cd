"""Asking the backend about the sessions of new sockets (AU5).

A token says nothing about the end of its session, and a service that was just started has heard of none. So the
backend is asked soon after a handshake, once for all that came meanwhile: a storm of reconnects costs a few requests.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from tandem_protocol.heads import HEADS_BATCH_MAX, HeadsRequest
from tandem_websocket.backend_client import BackendUnavailableError, HeadsSource

logger = logging.getLogger(__name__)

_GATHER_SECONDS: Final = 0.1
_ASK_SECONDS_MAX: Final = 5.0


class Newcomers:
    """The sessions that have not been asked about."""

    def __init__(self, heads: HeadsSource, end_sessions: Callable[[Sequence[str]], None]) -> None:
        """Create it without any.

        Args:
            heads: Tells which sessions have ended.
            end_sessions: Told which they are.
        """
        self._heads = heads
        self._end_sessions = end_sessions
        self._sessions: set[str] = set()
        self._came = asyncio.Event()

    def add(self, session_id: str) -> None:
        """Have a session asked about."""
        self._sessions.add(session_id)
        self._came.set()

    async def run(self) -> None:
        """Ask for ever. Whom the backend could not be asked about, the next heartbeat names again."""
        while True:
            await self._came.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            self._came.clear()
            sessions = sorted(self._sessions)
            self._sessions.clear()
            for first in range(0, len(sessions), HEADS_BATCH_MAX):
                await self._ask(sessions[first : first + HEADS_BATCH_MAX])

    async def _ask(self, sessions: list[str]) -> None:
        try:
            async with asyncio.timeout(_ASK_SECONDS_MAX):
                reply = await self._heads(HeadsRequest(users=[], sessions=sessions))
        except (BackendUnavailableError, TimeoutError):
            return
        except Exception:
            logger.exception("asking about new sessions failed")
            return
        if reply.ended:
            self._end_sessions(reply.ended)
