"""Faults, and who injects them."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with a part for a while, and is mended."""

    name: str
    part: str
    """Two faults of one part do not overlap."""
    inject: Callable[[], Awaitable[None]]
    heal: Callable[[], Awaitable[None]]
    seconds: tuple[float, float]
    """How long it lasts, at least and at most."""


class Nemesis:
    """Injects faults at random, several at once, until it is told to stop; then everything is mended."""

    def __init__(self, faults: Sequence[Fault], chance: random.Random, tell: Callable[[str], None]) -> None:
        """Create it; ``tell`` is called with each fault."""
        self.injected: Counter[str] = Counter()
        self._faults = faults
        self._chance = chance
        self._tell = tell
        self._busy: set[str] = set()
        self._stopped = asyncio.Event()

    async def run(self, lanes: int, pause: float) -> None:
        """Inject until `stop`.

        Args:
            lanes: How many faults at once.
            pause: Seconds between two faults of a lane, on average.
        """
        # Each has a chance of its own, so that one seed makes the same choices whatever takes how long.
        chances = [random.Random(self._chance.getrandbits(64)) for _ in range(lanes)]  # noqa: S311 - repeatable
        async with asyncio.TaskGroup() as group:
            for chance in chances:
                group.create_task(self._lane(chance, pause))

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopped.set()

    async def _lane(self, chance: random.Random, pause: float) -> None:
        while not await self._wait(chance.expovariate(1 / pause)):
            fault = chance.choice([fault for fault in self._faults if fault.part not in self._busy])
            self._busy.add(fault.part)
            self.injected[fault.name] += 1
            self._tell(fault.name)
            try:
                await fault.inject()
                await self._wait(chance.uniform(*fault.seconds))
            finally:
                await fault.heal()
                self._busy.discard(fault.part)

    async def _wait(self, seconds: float) -> bool:
        """Return whether it was told to stop meanwhile."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return False
        return True


async def nothing() -> None:
    """Heal what heals by itself."""


def network_faults(
    name: str,
    poison: Callable[..., Awaitable[None]],
    cut: Callable[[], Awaitable[None]],
    heal: Callable[[], Awaitable[None]],
) -> list[Fault]:
    """Return what happens to the connections of a proxy.

    Args:
        name: Whose connections they are.
        poison: As `tandem_testing.toxiproxy.Toxiproxy.poison`, without its first argument.
        cut: Closes the connections, and takes no new ones.
        heal: Lets it work again, with new connections.
    """

    def toxic(kind: str, what: str, seconds: tuple[float, float], **how: float) -> Fault:
        return Fault(f"{name}: {what}", name, lambda: poison(kind, **how), heal, seconds)

    async def black_hole() -> None:
        await poison("timeout", timeout=0, toxicity=0.5)
        await poison("timeout", timeout=0, toxicity=0.5, upstream=True)

    return [
        Fault(f"{name}: cut", name, cut, heal, (0.1, 2.0)),
        Fault(f"{name}: frozen", name, black_hole, heal, (1.0, 6.0)),
        toxic("latency", "answers delayed", (1.0, 4.0), latency=200, jitter=150, toxicity=0.7),
        toxic("latency", "requests delayed", (1.0, 4.0), latency=200, jitter=150, upstream=True, toxicity=0.7),
        toxic("limit_data", "answers broken off", (0.5, 2.0), bytes=1500, toxicity=0.5),
        toxic("limit_data", "requests broken off", (0.5, 2.0), bytes=900, upstream=True, toxicity=0.5),
        toxic("reset_peer", "reset", (0.5, 2.0), timeout=50, toxicity=0.3),
        toxic("slicer", "in small pieces", (1.0, 3.0), average_size=64, size_variation=32, delay=500, toxicity=0.5),
    ]
