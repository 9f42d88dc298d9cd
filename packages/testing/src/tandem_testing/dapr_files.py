"""Tandem's own Dapr files, as a sidecar on this machine loads them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from tandem_testing.daprd import ROOT

DAPR_FILES: Final = ROOT / "deploy" / "dapr"
CONFIGURATION: Final = DAPR_FILES / "configuration.yaml"
Role = Literal["publisher", "subscriber"]
_BACKEND: Final = DAPR_FILES.parent / "compose" / "dapr" / "backend.yaml"
_SECRETS_FILE: Final = "/run/secrets/tandem-dapr.json"


def write_secrets(file: Path, secrets: Mapping[str, Mapping[str, str]]) -> None:
    """Write what the components name, for nobody else to read."""
    file.touch(mode=0o600)
    file.write_text(json.dumps(secrets))


def write_resources(folder: Path, role: Role, secrets_file: Path) -> None:
    """Fill a folder with the files of a role and with the store of secrets.

    Args:
        folder: Made if it is not there.
        role: Whose files.
        secrets_file: Where the secrets are on this machine; nothing else differs from what is deployed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in (DAPR_FILES / role, DAPR_FILES / "secrets"):
        for file in source.glob("*.yaml"):
            (folder / file.name).write_text(file.read_text().replace(_SECRETS_FILE, str(secrets_file)))


def write_backend(folder: Path, url: str) -> None:
    """Tell the sidecars of websocket services where the backends are.

    Asked by multicast, any backend of the local network answers, also one of another installation.

    Args:
        folder: Of resources.
        url: All of the backends.
    """
    (folder / _BACKEND.name).write_text(_BACKEND.read_text().replace("http://backend:8000", url))
