"""Makes chaos: many clients edit while everything that can fail does; then an independent checker looks.

`make chaos MINUTES=10 SEED=1 EDITS=100000 TARGET=single`; each has a default, and it ends at whichever of minutes and
edits is spent first. Seeds that found something are kept in `.cache/chaos-failed-seeds` and run first the next times.
The exit status is 1 when something was found.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from tandem_testing.chaos.cluster_target import ClusterTarget
from tandem_testing.chaos.plan import Plan, Report
from tandem_testing.chaos.run import run
from tandem_testing.chaos.seeds import FAILED_SEEDS, new_seed
from tandem_testing.chaos.targets import SingleTarget

_TARGETS: Final = {"single": SingleTarget, "cluster": ClusterTarget}


def main() -> int:
    """Run the kept seeds, and then the given or a new one; return the exit status."""
    options = _options()
    seeds = [*FAILED_SEEDS.of(options.target), new_seed()] if options.seed is None else [options.seed]
    failed = False
    for number in seeds:
        print(f"seed {number}, {options.minutes:g} minutes on {options.target}", flush=True)
        plan = Plan(
            seed=number,
            seconds=60 * options.minutes,
            edits=options.edits,
            users=options.users,
            think=options.think,
            pause=options.pause,
        )
        found = True
        try:
            found = _found(options.target, plan)
        finally:
            FAILED_SEEDS.note(options.target, number, failed=found)
        failed = failed or found
    return int(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0, help="of editing, at most")
    parser.add_argument("--seed", type=int, help="of a run to be repeated; a new one if none is given")
    parser.add_argument("--edits", type=int, default=1_000_000, help="at most")
    parser.add_argument("--target", choices=list(_TARGETS), default="cluster")
    parser.add_argument("--users", type=int, default=10, help="with five devices and a script each")
    parser.add_argument("--think", type=float, default=0.5, help="seconds between two edits of a device, on average")
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between faults, of which two at once can be")
    return parser.parse_args()


def _found(name: str, plan: Plan) -> bool:
    """Run, print the report, and return whether something was found."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-chaos-"))
    # PostgreSQL's own user has to reach its folder.
    folder.chmod(0o755)
    report = asyncio.run(_run(name, plan, folder))
    print(report, flush=True)
    if not report.findings:
        shutil.rmtree(folder)
        return False
    print(f"What the programs printed is in {folder}; `make chaos SEED={plan.seed}` repeats it.", file=sys.stderr)
    return True


async def _run(name: str, plan: Plan, folder: Path) -> Report:
    begun = time.monotonic()
    async with AsyncExitStack() as stack:
        target = _TARGETS[name](folder)
        stack.push_async_callback(target.close)
        await target.start()
        return await run(target, plan, lambda what: print(f"{time.monotonic() - begun:7.1f} {what}", flush=True))


if __name__ == "__main__":
    raise SystemExit(main())
