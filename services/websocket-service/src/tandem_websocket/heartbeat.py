"""The heartbeat: a ping for every socket, with the heads of its user's spaces where they are known (WS2)."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tandem_protocol.heads import HEADS_BATCH_MAX, HeadsRequest
from tandem_websocket.backend_client import BackendUnavailableError, HeadsSource
from tandem_websocket.broadcaster import Broadcaster
from tandem_websocket.frames import encode_ping
from tandem_websocket.metrics import Metrics

if TYPE_CHECKING:
    from tandem_protocol.messages import Heads

logger = logging.getLogger(__name__)

_HEADS_SECONDS_MAX: Final = 5.0
_PLAIN_PING: Final = encode_ping(None)


class Heartbeat:
    """Pings all sockets at once; the backend is asked once, not once a socket."""

    def __init__(
        self,
        broadcaster: Broadcaster,
        heads: HeadsSource,
        *,
        interval: float,
        end_sessions: Callable[[Sequence[str]], None],
        metrics: Metrics,
    ) -> None:
        """Create it.

        Args:
            broadcaster: Knows who is connected.
            heads: Asked for the heads of the connected users.
            interval: Seconds between two pings.
            end_sessions: Told which sessions have ended; heals a lost ``session.revoked``.
            metrics: Where failures are counted.
        """
        self._broadcaster = broadcaster
        self._heads = heads
        self._interval = interval
        self._end_sessions = end_sessions
        self._metrics = metrics
        self._failing = False

    async def run(self) -> None:
        """Beat for ever."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            # A beat that took long does not make the following ones late.
            due = max(due + self._interval, loop.time())
            await asyncio.sleep(due - loop.time())
            try:
                await self.beat()
            except Exception:
                logger.exception("a heartbeat failed")

    async def beat(self) -> None:
        """Ask for the heads, for a bounded time, and ping every socket."""
        heads: dict[str, Heads] = {}
        sessions = self._broadcaster.sessions_by_user()
        if not sessions:
            return
        ended: list[str] = []
        try:
            async with asyncio.timeout(min(_HEADS_SECONDS_MAX, self._interval / 4)):
                for request in batches(sessions, HEADS_BATCH_MAX):
                    reply = await self._heads(request)
                    heads.update(reply.heads)
                    ended.extend(reply.ended)
            self._note_success()
        except (BackendUnavailableError, TimeoutError) as error:
            self._note_failure(error)
        if ended:
            self._end_sessions(ended)
        for user in self._broadcaster.connections_per_user():
            user_heads = heads.get(user)
            frame = _PLAIN_PING if user_heads is None else encode_ping(user_heads)
            self._broadcaster.deliver(frame, (user,))

    def _note_success(self) -> None:
        if self._failing:
            logger.info("the backend tells heads again")
        self._failing = False

    def _note_failure(self, error: Exception) -> None:
        self._metrics.heartbeat_failures.inc()
        if not self._failing:
            logger.warning("pings go out without heads: %s", str(error) or "the backend took too long")
        self._failing = True


def batches(sessions_by_user: Mapping[str, set[str]], limit: int) -> Iterator[HeadsRequest]:
    """Yield requests that name every user and session once, with at most ``limit`` of each.

    Args:
        sessions_by_user: The sessions of each connected user.
        limit: The most that one request may name.
    """
    users: list[str] = []
    sessions: list[str] = []
    for user, its_sessions in sessions_by_user.items():
        asked = sorted(its_sessions)[:limit]
        if users and (len(users) + 1 > limit or len(sessions) + len(asked) > limit):
            yield HeadsRequest(users=users, sessions=sessions)
            users, sessions = [], []
        users.append(user)
        sessions.extend(asked)
    if users:
        yield HeadsRequest(users=users, sessions=sessions)
