"""Chaos in a whole cluster, shortly: nothing is lost, doubled, diverged or stuck."""

import shutil
import tempfile
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from tandem_testing.chaos.cluster_target import ClusterTarget
from tandem_testing.chaos.plan import Plan
from tandem_testing.chaos.run import run
from tandem_testing.chaos.seeds import FAILED_SEEDS

pytestmark = pytest.mark.timeout(300)

_SHOWN = 12_000
"""Characters of a traceback that a failure shows."""


@pytest.fixture
def folder() -> Generator[Path]:
    """Yield a folder that PostgreSQL's user can reach."""
    made = Path(tempfile.mkdtemp(prefix="tandem-chaos-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
async def target(folder: Path) -> AsyncGenerator[ClusterTarget]:
    """Yield a running cluster of this test's own, for PostgreSQL is killed as well."""
    target = ClusterTarget(folder)
    try:
        await target.start()
        yield target
    finally:
        await target.close()


async def test_a_short_run_finds_nothing(target: ClusterTarget) -> None:
    seed = FAILED_SEEDS.next("cluster")
    report = await run(target, Plan(seed=seed, seconds=20, edits=10_000), print)
    FAILED_SEEDS.note("cluster", seed, failed=bool(report.findings))
    assert not report.findings, report
    _, found, traceback = target.printed.partition("Traceback")
    assert not found, f"seed {seed}: {traceback[:_SHOWN]}"
    assert len(report.history.attempts) > 200, report
    # On a loaded machine a fault and its healing take seconds, so that a run has time for few.
    assert sum(report.faults.values()) > 0, report
