"""Which event bus a backend with a process of its own publishes to, and whether that works."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import httpx

from tandem_backend.settings import StandaloneBackendSettings
from tandem_platform.bus import TASK_UPDATES, EventBus
from tandem_platform.dapr_bus import DaprBus
from tandem_platform.dapr_sidecar import Sidecar, SidecarError
from tandem_platform.event_signatures import EventKeys
from tandem_platform.http_bus import HttpBus
from tandem_platform.settings import SettingsError
from tandem_platform.signed_bus import SignedBus

logger = logging.getLogger(__name__)

_HTTP_SECONDS: Final = 5.0
_AGAIN_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class OpenedBus:
    """A bus; ``check`` raises `SidecarError` while what it needs beside it is not there or not set up."""

    bus: EventBus
    check: Callable[[], Awaitable[None]]


def open_bus(settings: StandaloneBackendSettings, now: Callable[[], float]) -> OpenedBus:
    """Open the bus that is set.

    Args:
        settings: Which one, and its keys.
        now: Seconds since 1970.

    Raises:
        SettingsError: Events would go out unsigned to a broker.
    """
    keys = EventKeys.parse(settings.event_keys.get_secret_value())
    if settings.bus == "dapr":
        if keys is None:
            raise SettingsError(
                "setting TANDEM_EVENT_KEYS is missing: whoever reaches the broker could otherwise speak to every "
                "browser; give backend and websocket service the same name:secret (openssl rand -hex 32)"
            )
        sidecar = Sidecar(settings)
        return OpenedBus(SignedBus(DaprBus(sidecar, {TASK_UPDATES: settings.topic}), keys, now), sidecar.check)
    bus: EventBus = HttpBus(
        settings.websocket_service_url,
        httpx.AsyncClient(timeout=_HTTP_SECONDS),
        settings.app_api_token.get_secret_value() or None,
    )
    return OpenedBus(bus if keys is None else SignedBus(bus, keys, now), _nothing_to_check)


class BusProbe:
    """Looks at the bus at the start until it has worked once, and says meanwhile what is wrong.

    Afterwards a bus that fails is no reason to take the backend away from people: events wait in the outbox (EV4).
    """

    def __init__(self, check: Callable[[], Awaitable[None]]) -> None:
        """Create it; `start` begins to look."""
        self._check = check
        self._missing: str | None = "the event bus was not looked at yet"
        self._task: asyncio.Task[None] | None = None

    def not_ready(self) -> list[str]:
        """Return what is wrong, a line; empty once the bus has worked."""
        return [] if self._missing is None else [self._missing]

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run(), name="bus probe")

    async def stop(self) -> None:
        """End what `start` began."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                await self._check()
            except SidecarError as error:
                if str(error) != self._missing:
                    logger.warning("%s", error)
                self._missing = str(error)
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                self._missing = None
                return


async def _nothing_to_check() -> None:
    """Stand in for the check of a bus that needs nothing beside it."""
