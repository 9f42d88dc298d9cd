"""The command: which measurements, how long, and what becomes of the figures."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tandem_bench import machine, report
from tandem_bench.measurements import (
    cluster_events,
    cluster_latency,
    connections,
    fanout,
    feed,
    first_load,
    latency,
    writes,
)
from tandem_bench.programs import BenchError, need
from tandem_bench.report import Section
from tandem_bench.workshop import Workshop

_REPOSITORY: Final = Path(__file__).resolve().parents[2]
_MEASUREMENTS: Final[dict[str, Callable[[Workshop], Section]]] = {
    "latency": latency.measure,
    "writes": writes.measure,
    "feed": feed.measure,
    "connections": connections.measure,
    "fanout": fanout.measure,
    "first-load": first_load.measure,
    "cluster-latency": cluster_latency.measure,
    "cluster-events": cluster_events.measure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks and return the exit status: 1 when one of them could not be made.

    A missed target is a finding, not a failure.
    """
    options = _options(arguments)
    cache = _REPOSITORY / ".cache/bench"
    cache.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="run-", dir=cache))
    workshop = Workshop(_REPOSITORY, cache, scratch, options.quick)
    sections: list[Section] = []
    failures: list[str] = []
    try:
        need("taskset", "util-linux")
        document = machine.describe(_REPOSITORY, scratch)
        for name in options.only or _MEASUREMENTS:
            start = time.monotonic()
            print(f"{name} … ", end="", flush=True)
            try:
                sections.append(_MEASUREMENTS[name](workshop))
            except BenchError as error:
                failures.append(f"{name}: {error}")
            print(f"{time.monotonic() - start:.0f} s", flush=True)
    except BenchError as error:
        failures.append(str(error))
        document = {}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    document["sections"] = [report.as_json(section) for section in sections]
    document["failures"] = failures
    path = report.store(options.results, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), document)
    print(f"\n{report.table(sections)}\n\n{path} has every figure, the machine and the versions.")
    if options.quick:
        print("This was a quick run: its figures only show that everything works.")
    for failure in failures:
        sys.stderr.write(f"bench: {failure}\n")
    return 1 if failures else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure Tandem against named baselines in the same run.")
    parser.add_argument("--only", nargs="+", choices=list(_MEASUREMENTS), help="measure only these")
    parser.add_argument("--quick", action="store_true", help="a short run, to see that everything works")
    results = _REPOSITORY / "bench/results"
    parser.add_argument("--results", type=Path, default=results, help="the folder that keeps the figures")
    return parser.parse_args(arguments)
