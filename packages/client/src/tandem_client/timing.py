"""Waiting that can be cut short, and deadlines."""

import asyncio
from collections.abc import Callable


class Pause:
    """Waiting between tries, which a reason to think that the server can be reached ends."""

    def __init__(self) -> None:
        """Create it."""
        self._ended = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait that long, or until `end`."""
        ended = self._ended
        try:
            async with asyncio.timeout(seconds):
                await ended.wait()
        except TimeoutError:
            return

    def end(self) -> None:
        """Let all who wait go on."""
        self._ended.set()
        self._ended = asyncio.Event()


class Deadline:
    """Calls something a while after it was armed, unless it is cancelled before."""

    def __init__(self, seconds: float, passed: Callable[[], None]) -> None:
        """Create it; it is not armed."""
        self._seconds = seconds
        self._passed = passed
        self._handle: asyncio.TimerHandle | None = None

    def arm(self) -> None:
        """Begin; one that has begun goes on."""
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_later(self._seconds, self._fire)

    def cancel(self) -> None:
        """Forget it."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _fire(self) -> None:
        self._handle = None
        self._passed()
