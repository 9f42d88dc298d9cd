"""The benchmarks run, from their own command; what they measure in a quick run means nothing."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("measurements", "figures"),
    [
        (["latency", "fanout"], {"100 writes/s, p99", "Tandem / send_json"}),
        (["cluster-latency"], {"100 writes/s, in bulk, p99", "1,000 writes/s, one at a time, p50"}),
        (["cluster-events"], {"to one replica, in bulk", "to each of three, in bulk / one at a time"}),
    ],
)
def test_a_quick_run(measurements: list[str], figures: set[str], tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "bench/main.py", "--quick", "--results", tmp_path, "--only", *measurements]
    done = subprocess.run(command, capture_output=True, text=True, timeout=380, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert all(f"| {figure} " in done.stdout for figure in figures), done.stdout
    (file,) = tmp_path.glob("*.json")
    document = orjson.loads(file.read_bytes())
    assert document["failures"] == []
    assert len(document["sections"]) == len(measurements)
    found = {figure["label"]: figure["value"] for section in document["sections"] for figure in section["figures"]}
    assert figures <= found.keys()
    assert all(value > 0 for value in found.values())
