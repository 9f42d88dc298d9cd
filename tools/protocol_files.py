"""What follows from ``packages/protocol`` alone: its JSON Schema, its fingerprint, its constants."""

import json
from typing import Any, Final, cast

from artifact import ROOT, Artifact, GenerateError, to_json

from tandem_protocol import schema
from tandem_protocol.fingerprints import UndecidedChangeError, record
from tandem_protocol.version import PROTOCOL_VERSION

_FINGERPRINTS: Final = "schema/fingerprints.json"
_SERVER_ONLY: Final = frozenset({"FEED_PAGE_MAX", "IDEMPOTENCY_KEY_MAX", "INBOUND_FRAME_MAX", "ZONE_MAX"})
"""Limits that the browser never comes near."""


def json_schema() -> Artifact:
    """Return the JSON Schema of the wire format."""
    return Artifact("schema/protocol.schema.json", to_json(schema.json_schema()))


def fingerprints(*, accept: bool) -> Artifact:
    """Return the record of protocol versions; see `tandem_protocol.fingerprints.record`.

    Raises:
        GenerateError: The format changed and the version did not.
    """
    file = ROOT / _FINGERPRINTS
    known: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    try:
        entries = record(known, PROTOCOL_VERSION, schema.fingerprint(), accept=accept)
    except UndecidedChangeError as error:
        raise GenerateError(f"{_FINGERPRINTS}: {error}") from None
    return Artifact(_FINGERPRINTS, to_json(entries))


def typescript_constants() -> Artifact:
    """Return the protocol's constants as a TypeScript module."""
    lines = ["// Generated from packages/protocol by `make schema`. Do not edit.", ""]
    for name, value in schema.constants().items():
        if name not in _SERVER_ONLY:
            lines.append(f"export const {name} = {_literal(value)} as const;")
    return Artifact("frontend/lib/protocol/constants.ts", "\n".join(lines) + "\n")


def _literal(value: Any) -> str:
    match value:
        case dict():
            # Prettier keeps an object on several lines that begins on several lines.
            items = cast("schema.Json", value).items()
            return "{\n" + "".join(f"  {key}: {_literal(item)},\n" for key, item in items) + "}"
        case _:
            return json.dumps(value)
