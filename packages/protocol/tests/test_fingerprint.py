"""A changed wire format is a decision: the protocol version moves with it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tandem_protocol import limits, schema
from tandem_protocol.fingerprints import UndecidedChangeError, record
from tandem_protocol.version import PROTOCOL_VERSION

RECORD = Path(__file__).parents[3] / "schema" / "fingerprints.json"


def test_the_present_format_is_what_the_present_version_stands_for() -> None:
    known: dict[str, str] = json.loads(RECORD.read_text())
    assert record(known, PROTOCOL_VERSION, schema.fingerprint()) == known, "run `make schema`"


def test_a_changed_format_needs_a_new_version_or_consent() -> None:
    known = {"1": "old"}
    with pytest.raises(UndecidedChangeError, match="PROTOCOL_VERSION"):
        record(known, 1, "new")
    assert record(known, 1, "new", accept=True) == {"1": "new"}
    assert record(known, 2, "new") == {"1": "old", "2": "new"}
    assert record(known, 1, "old") == known
    assert record({}, 1, "new") == {"1": "new"}


def test_versions_stay_in_their_order() -> None:
    assert list(record({"10": "b", "9": "a"}, 11, "c")) == ["9", "10", "11"]


def changed(monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], object]) -> bool:
    """Return whether the fingerprint notices what ``change`` does to the JSON Schema."""
    before = schema.fingerprint()
    document = schema.json_schema()
    change(document["$defs"])
    monkeypatch.setattr(schema, "json_schema", lambda: document)
    return schema.fingerprint() != before


def test_prose_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def rephrase(models: Any) -> None:
        models["Task"]["description"] = "Something to do."
        models["Task"]["properties"]["seq"]["title"] = "Sequence number"

    assert not changed(monkeypatch, rephrase)


@pytest.mark.parametrize("name", ["title", "description"])
def test_fields_that_are_called_like_prose_count(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert changed(monkeypatch, lambda models: models["Task"]["properties"].pop(name))


def test_the_limit_of_a_field_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert changed(monkeypatch, lambda models: models["TaskCreate"]["properties"]["title"].update(maxLength=501))


def test_a_new_field_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert changed(monkeypatch, lambda models: models["Task"]["properties"].update(colour={"type": "string"}))


def test_an_optional_field_that_becomes_required_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert changed(monkeypatch, lambda models: models["TaskCreate"]["required"].append("due"))


def test_a_constant_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema.fingerprint()
    monkeypatch.setattr(limits, "GAP_WAIT_MS", limits.GAP_WAIT_MS + 1)
    assert schema.fingerprint() != before
