"""The Dockerfiles: their structure and sources, and the policies of the frontend image. No image is built here."""

import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dockerfile_parse import DockerfileParser

if TYPE_CHECKING:
    from dockerfile_parse import Instruction

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "deploy" / "docker"
FILES = sorted(DOCKER.glob("*.Dockerfile"))


def structure(path: Path) -> list["Instruction"]:
    with path.open("rb") as file:
        return [one for one in DockerfileParser(fileobj=file).structure if one["instruction"] != "COMMENT"]


def last_stage(path: Path) -> list["Instruction"]:
    parsed = structure(path)
    start = max(index for index, one in enumerate(parsed) if one["instruction"] == "FROM")
    return parsed[start:]


def test_there_is_one_for_each_program() -> None:
    assert [path.name.removesuffix(".Dockerfile") for path in FILES] == ["backend", "frontend", "tandem", "websocket"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_stages_have_pinned_bases_and_sources_that_exist(path: Path) -> None:
    stages: set[str] = set()
    for one in structure(path):
        words = one["value"].split()
        if one["instruction"] == "FROM":
            assert re.search(r":\d+\.\d+\.\d+-", words[0]), f"{words[0]} is not pinned"
            stages |= {words[2]} if len(words) > 1 else set()
        if one["instruction"] == "COPY" and words[0].startswith("--from="):
            assert words[0].removeprefix("--from=") in stages
        elif one["instruction"] == "COPY":
            sources = words[:-1]
            known = subprocess.run(
                ["git", "ls-files", "--", *sources], cwd=ROOT, capture_output=True, text=True, check=True
            )
            for source in sources:
                assert any(f"{line}/".startswith(f"{source}/") for line in known.stdout.splitlines()), source
                assert f"!{source.split('/')[0]}" in (ROOT / ".dockerignore").read_text() or source.startswith(
                    "deploy/"
                )
    assert len(stages) >= 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_runs_is_no_root_and_takes_signals(path: Path) -> None:
    final = {one["instruction"]: one["value"] for one in last_stage(path)}
    assert int(final["USER"].partition(":")[0]) > 0
    assert json.loads(final["ENTRYPOINT"]), "in the exec form, so that signals reach the program"
    probe = json.loads(final["HEALTHCHECK"].partition("CMD ")[2])
    assert probe == ["python", "-m", "tandem_platform.health_probe"] or probe[-1].endswith("/health")
    runs = [json.loads(one["value"]) for one in last_stage(path) if one["instruction"] == "RUN"]
    assert all(run[0] == "install" for run in runs), "nothing is built or downloaded in the result"


def scripts_of(package: str) -> dict[str, str]:
    """Return the programs that installing a package of this workspace brings."""
    for path in (ROOT / "backend", *(ROOT / "packages").iterdir(), *(ROOT / "services").iterdir()):
        project = tomllib.loads((path / "pyproject.toml").read_text())["project"]
        if project["name"] == package:
            return project.get("scripts", {})
    return {}


@pytest.mark.parametrize("name", ["backend", "tandem", "websocket"])
def test_the_program_comes_with_the_package_that_is_installed(name: str) -> None:
    path = DOCKER / f"{name}.Dockerfile"
    runs = [json.loads(one["value"]) for one in structure(path) if one["instruction"] == "RUN"]
    (sync,) = (run for run in runs if run[:2] == ["uv", "sync"])
    program = json.loads(next(one["value"] for one in last_stage(path) if one["instruction"] == "ENTRYPOINT"))[0]
    scripts = scripts_of(sync[sync.index("--package") + 1])
    module, _, function = scripts[program].partition(":")
    assert callable(getattr(importlib.import_module(module), function))
    assert Path(sys.executable).with_name(program).exists()


def test_policies_of_the_frontend_image(tmp_path: Path) -> None:
    pages = tmp_path / "out"
    pages.mkdir()
    (pages / "index.html").write_text("<script>1</script>")
    (pages / "404.html").write_text("<p>none</p>")
    command = [sys.executable, str(DOCKER / "nginx_policies.py"), str(pages), str(tmp_path / "policies.conf")]
    subprocess.run(command, check=True)
    lines = (tmp_path / "policies.conf").read_text().splitlines()
    assert [line.split(" ", 1)[0] for line in lines] == ["/404.html", "/index.html"]
    assert "script-src 'self';" in lines[0]
    assert "script-src 'self' 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s=';" in lines[1]
