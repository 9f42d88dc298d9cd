"""The HTTP interface: its OpenAPI document, and TypeScript's types of it and of the socket."""

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from artifact import ROOT, Artifact, GenerateError, to_json

from tandem_backend.main import openapi_document

_OPENAPI_TYPESCRIPT: Final = ROOT / "frontend/node_modules/.bin/openapi-typescript"


def openapi() -> Artifact:
    """Return the backend's OpenAPI document; the messages of the socket are among its components."""
    return Artifact("schema/openapi.json", to_json(openapi_document()))


def typescript_types(document: Artifact) -> Artifact:
    """Return TypeScript's types of an OpenAPI document.

    Raises:
        GenerateError: The generator is not installed, or refuses the document.
    """
    if not _OPENAPI_TYPESCRIPT.is_file():
        raise GenerateError("openapi-typescript is missing: run `npm ci` in frontend/")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "openapi.json"), Path(folder, "schema.d.ts")
        source.write_text(document.content, encoding="utf-8")
        command = [_OPENAPI_TYPESCRIPT, source, "--output", target]
        options = ["--default-non-nullable", "false", "--alphabetize"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise GenerateError(f"openapi-typescript failed: {done.stderr.strip()}")
        return Artifact("frontend/lib/protocol/schema.d.ts", target.read_text(encoding="utf-8"))
