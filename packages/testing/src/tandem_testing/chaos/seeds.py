"""Seeds of runs that found something: they are run first the next times, until they have passed often enough."""

import secrets
from pathlib import Path
from typing import Final

from tandem_testing.daprd import ROOT

_PASSES: Final = 3
"""What happens depends on the machine's timing as well: one pass proves little."""
_SEED_MAX: Final = 2**32


def new_seed() -> int:
    """Return one that nobody has chosen."""
    return secrets.randbelow(_SEED_MAX)


class FailedSeeds:
    """A file with a line for each: the target, the seed, and how often it has passed since."""

    def __init__(self, path: Path) -> None:
        """Create it; the file need not be there."""
        self._path = path

    def of(self, target: str) -> list[int]:
        """Return a target's seeds, the oldest first."""
        return [seed for name, seed in self._read() if name == target]

    def next(self, target: str) -> int:
        """Return the oldest of a target's, or a new one if there is none."""
        return next(iter(self.of(target)), new_seed())

    def note(self, target: str, seed: int, *, failed: bool) -> None:
        """Note how a run ended."""
        entries = self._read()
        passes = entries.pop((target, seed), None)
        if failed:
            entries[target, seed] = 0
        elif passes is not None and passes + 1 < _PASSES:
            entries[target, seed] = passes + 1
        self._write(entries)

    def _read(self) -> dict[tuple[str, int], int]:
        if not self._path.exists():
            return {}
        lines = (line.split() for line in self._path.read_text().splitlines())
        return {(target, int(seed)): int(passes) for target, seed, passes in lines}

    def _write(self, entries: dict[tuple[str, int], int]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text("".join(f"{target} {seed} {passes}\n" for (target, seed), passes in entries.items()))


FAILED_SEEDS: Final = FailedSeeds(ROOT / ".cache" / "chaos-failed-seeds")
