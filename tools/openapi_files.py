"""The HTTP interface: its OpenAPI document, and TypeScript's types of it and of the socket."""

import subprocess
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from artifact import ROOT, Artifact, GenerateError, to_json

from tandem_protocol.problems import Problem
from tandem_protocol.schema import INWARD, OUTWARD, SOCKET, definitions

_OPENAPI_TYPESCRIPT: Final = ROOT / "frontend/node_modules/.bin/openapi-typescript"


def openapi() -> Artifact:
    """Return the backend's OpenAPI document, with the models of the socket among its components.

    Raises:
        GenerateError: The backend describes a model of the protocol in its own way.
    """
    document = _backend_document()
    components: dict[str, Any] = document.get("components", {})
    schemas: dict[str, Any] = components.get("schemas", {})
    for name, definition in definitions((*SOCKET, Problem), "#/components/schemas/{model}").items():
        if schemas.setdefault(name, definition) != definition:
            raise GenerateError(f"the backend's OpenAPI document has another {name} than the protocol")
    everything = {**document, "components": {**components, "schemas": dict(sorted(schemas.items()))}}
    return Artifact("schema/openapi.json", to_json(everything))


def _backend_document() -> dict[str, Any]:
    if find_spec("tandem_backend.main") is not None:
        document: dict[str, Any] = import_module("tandem_backend.main").openapi_document()
        return document
    schemas = definitions(INWARD + OUTWARD, "#/components/schemas/{model}")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tandem", "version": "0.1.0"},
        "paths": {},
        "components": {"schemas": schemas},
    }


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
