"""The generator of schema, types and settings page, on a copy of the repository's files."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GENERATED = (
    "schema/protocol.schema.json",
    "schema/fingerprints.json",
    "schema/openapi.json",
    "frontend/lib/protocol/schema.d.ts",
    "frontend/lib/protocol/constants.ts",
    "docs/settings.md",
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the generator and what it has written."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "tools", folder / "tools")
    (folder / "frontend").mkdir()
    (folder / "frontend/node_modules").symlink_to(ROOT / "frontend/node_modules")
    done = generate(folder)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == sorted([*GENERATED, *["wrote"] * len(GENERATED)])
    return folder


def generate(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, folder / "tools/generate.py", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_was_just_written_is_not_stale(copy: Path) -> None:
    before = {path: (copy / path).read_bytes() for path in GENERATED}
    assert all(content.endswith(b"\n") for content in before.values())
    done = generate(copy, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert generate(copy).stdout == "", "writing again changes nothing"
    assert {path: (copy / path).read_bytes() for path in GENERATED} == before


def test_each_stale_file_is_named_with_what_mends_it(copy: Path) -> None:
    stale = [path for path in GENERATED if path != "schema/fingerprints.json"]
    for path in stale[1:]:
        (copy / path).write_text("changed by hand\n")
    (copy / stale[0]).unlink()
    done = generate(copy, "--check")
    assert done.returncode == 1
    assert sorted(done.stderr.splitlines()) == sorted(f"{path} is stale: run `make schema`" for path in stale)
    assert not (copy / stale[0]).exists(), "a check writes nothing"
    assert generate(copy).returncode == 0
    assert generate(copy, "--check").returncode == 0


def test_a_changed_format_is_a_decision(copy: Path) -> None:
    record = copy / "schema/fingerprints.json"
    before = json.loads(record.read_text())
    record.write_text(json.dumps(dict.fromkeys(before, "0" * 64)))
    for options in ([], ["--check"]):
        done = generate(copy, *options)
        assert done.returncode == 1
        assert "PROTOCOL_VERSION" in done.stderr
        assert "Traceback" not in done.stderr
        assert set(json.loads(record.read_text()).values()) == {"0" * 64}
    assert generate(copy, "--accept").returncode == 0
    assert json.loads(record.read_text()) == before
