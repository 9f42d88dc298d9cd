"""The proof that events arrive: a service that nothing reaches must not look healthy (EV10)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from tandem_platform.dapr_sidecar import SidecarError
from tandem_websocket.backend_client import BackendUnavailableError
from tandem_websocket.metrics import Metrics

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS: Final = 3.0
_AGAIN_SECONDS: Final = 1.0
_INTERVAL_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class EventPath:
    """What the way of events can be asked.

    ``check`` raises `SidecarError` while the sidecar is not there or not set up; ``send`` has a canary with the given
    id published, or raises `BackendUnavailableError`.
    """

    check: Callable[[], Awaitable[None]]
    send: Callable[[str], Awaitable[None]]


class Canary:
    """Sends events to itself by way of the backend and the broker: until the first arrives, then now and then."""

    def __init__(self, path: EventPath, metrics: Metrics, new_id: Callable[[], str]) -> None:
        """Create it.

        Args:
            path: The way of events.
            metrics: Where it is shown whether events arrive.
            new_id: Makes ids that nobody else makes.
        """
        self._path = path
        self._metrics = metrics
        self._new_id = new_id
        self._awaited = ""
        self._arrived = asyncio.Event()
        self._refused: str | None = None
        self._proven = False
        self._problem: str | None = "no event has come yet"
        metrics.hears_events.set(0)

    @property
    def missing(self) -> str | None:
        """Why events do not arrive; None since the first has.

        A broker that fails later is no reason to send people away: the feed and the heads go on (EV4, WS2).
        """
        return None if self._proven else self._problem

    def arrived(self, event_id: str) -> None:
        """Take a canary. Those of other services and of earlier tries are none of ours."""
        if event_id == self._awaited:
            self._arrived.set()

    def refused(self, reason: str) -> None:
        """Hear that something was turned away: the likeliest reason why no canary arrives."""
        self._refused = reason

    async def run(self) -> None:
        """Send canaries for ever."""
        while True:
            self._note(await self._try())
            await asyncio.sleep(_INTERVAL_SECONDS if self._problem is None else _AGAIN_SECONDS)

    async def _try(self) -> str | None:
        """Return why a canary did not arrive."""
        self._refused = None
        self._arrived.clear()
        self._awaited = self._new_id()
        try:
            await self._path.check()
            await self._path.send(self._awaited)
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._arrived.wait()
        except SidecarError as error:
            return str(error)
        except BackendUnavailableError as error:
            return f"the backend cannot be asked for a canary: {error}"
        except TimeoutError:
            return (
                f"events are published and do not arrive here: {self._refused}"
                if self._refused
                else "events are published and do not arrive here; look at the Subscription's route "
                "(/events/task-updates), at daprd's --app-port, and whether all components name the same broker"
            )
        return None

    def _note(self, problem: str | None) -> None:
        if problem is None:
            if self._problem is not None:
                logger.info("events arrive")
            self._proven = True
        elif problem != self._problem:
            logger.warning("%s", problem)
        self._metrics.hears_events.set(int(problem is None))
        self._problem = problem
