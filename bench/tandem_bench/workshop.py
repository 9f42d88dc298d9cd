"""The places that measurements use, and the load clients compiled from source."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tandem_bench.programs import BenchError, need


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every measurement gets.

    ``repository`` is the checkout, ``cache`` keeps what is built from run to run, ``scratch`` is empty at the start
    of a run and removed at its end, and ``quick`` asks for a short run whose figures only show that all works.
    """

    repository: Path
    cache: Path
    scratch: Path
    quick: bool

    @property
    def python(self) -> Path:
        """Return the interpreter of Tandem's environment."""
        return self.repository / ".venv/bin/python"

    @property
    def bench(self) -> Path:
        """Return the folder of the benchmarks."""
        return self.repository / "bench"

    def folder(self, name: str) -> Path:
        """Return a fresh folder on the disk of the checkout."""
        path = self.scratch / name
        path.mkdir(parents=True)
        return path

    def client(self, name: str) -> Path:
        """Return a load client of ``bench/load``, compiled anew when its source has changed.

        Raises:
            BenchError: There is no C compiler, or it refuses.
        """
        sources = [self.bench / "load" / f"{name}.c", self.bench / "load/client.c"]
        newest = max(path.stat().st_mtime for path in [*sources, self.bench / "load/client.h"])
        program = self.cache / name
        if not program.exists() or program.stat().st_mtime < newest:
            self.cache.mkdir(parents=True, exist_ok=True)
            flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"]
            command = [need("cc", "gcc"), *flags, "-o", str(program), *map(str, sources), "-lm"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise BenchError(f"{name}.c does not compile: {done.stderr[-500:]}")
        return program
