"""Starts again what has ended, as systemd or Kubernetes does."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

from tandem_testing.process import Process

_LOOK_SECONDS: Final = 0.5


class Supervisor:
    """Looks after processes. What is to stay down for a while is told to it."""

    def __init__(self, parts: Sequence[Process]) -> None:
        """Create it; the processes run already."""
        self.restarts: Counter[str] = Counter()
        """How often each was started again because it had ended by itself."""
        self._parts = parts
        self._down: set[Process] = set()

    async def run(self) -> None:
        """Look after them, until cancelled."""
        while True:
            for part in self._parts:
                if part not in self._down and not part.running:
                    self.restarts[part.name] += 1
                    part.start()
            # What other processes do can only be looked at.
            await asyncio.sleep(_LOOK_SECONDS)

    async def kill(self, *parts: Process) -> None:
        """End processes as a power cut would, and leave them down until `start`."""
        self._down.update(parts)
        for part in parts:
            part.kill()

    async def stop(self, *parts: Process) -> None:
        """Ask processes to end, wait until they have, and leave them down until `start`."""
        self._down.update(parts)
        for part in parts:
            await asyncio.to_thread(part.stop)

    async def start(self, *parts: Process) -> None:
        """Start processes that were ended here. They end with the thread that started them, which is this one."""
        for part in parts:
            part.start()
        self._down.difference_update(parts)
