"""What a Compose file means, as Compose's own loader reads it, in a folder where `init.sh` was run."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tandem_testing.daprd import ROOT

COMPOSE: Final = ROOT / "deploy" / "compose"
_LOADER: Final = ROOT / ".cache/bin/compose-go"
_IN_CONTAINERS: Final = "/run/secrets/"

Service = Mapping[str, Any]


def installation(folder: Path) -> Path:
    """Return a copy of deploy/compose with secrets of its own, beside the other files that it names.

    Args:
        folder: An empty one.
    """
    deploy = folder / "deploy"
    for name in ("compose", "dapr", "docker"):
        ignored = shutil.ignore_patterns("secrets", ".env", "caddy", "backup", "data") if name == "compose" else None
        shutil.copytree(COMPOSE.parent / name, deploy / name, ignore=ignored)
    initialise(deploy / "compose")
    return deploy / "compose"


def initialise(folder: Path) -> None:
    """Run `init.sh` of a copy."""
    subprocess.run([str(folder / "init.sh")], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - the repository's


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """A loaded file: interpolated, merged, with absolute paths."""

    folder: Path
    document: Mapping[str, Any]

    @classmethod
    def load(cls, path: Path) -> "ComposeFile":
        """Read a file.

        Raises:
            ValueError: The loader refuses it; says why.
        """
        loaded = subprocess.run(  # noqa: S603 - built by make
            [str(_LOADER), "-format", "json", path.name],
            cwd=path.parent,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        if loaded.returncode:
            raise ValueError(loaded.stderr)
        return cls(path.parent, json.loads(loaded.stdout))

    @property
    def services(self) -> Mapping[str, Service]:
        """Return the services by name."""
        return self.document["services"]

    def environment(self, name: str) -> dict[str, str]:
        """Return the variables that a service gets, those of its secret files included."""
        service = self.services[name]
        variables: dict[str, str] = {}
        for file in service.get("env_file", []):
            lines = Path(file["path"]).read_text().splitlines()
            variables |= dict(line.split("=", 1) for line in lines)
        return {**variables, **service.get("environment", {})}

    def secret_path(self, text: str) -> str:
        """Return a text with the paths of secrets in a container replaced by those on this machine."""
        for name, secret in self.document["secrets"].items():
            text = text.replace(f"{_IN_CONTAINERS}{name}", secret["file"])
        return text

    def mounted(self, name: str, target: str) -> Path:
        """Return what is mounted somewhere in a service's container."""
        (source,) = (one["source"] for one in self.services[name]["volumes"] if one["target"] == target)
        return Path(source)
