"""The golden samples say what each model takes and refuses; the browser's tests read the same ones."""

import json
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from tandem_protocol.samples import golden_samples
from tandem_protocol.schema import INWARD, OUTWARD, adapter, json_schema

SAMPLES = golden_samples()
VALID = [(name, document) for name, samples in SAMPLES.items() for document in samples["valid"]]
INVALID = [(name, document) for name, samples in SAMPLES.items() for document in samples["invalid"]]


def test_every_model_has_samples_of_both_kinds() -> None:
    assert SAMPLES.keys() == {model.__name__ for model in INWARD + OUTWARD}
    assert all(samples["valid"] and samples["invalid"] for samples in SAMPLES.values())


@pytest.mark.parametrize(("name", "document"), VALID)
def test_model_and_schema_take_what_is_valid(name: str, document: Any) -> None:
    adapter(name).validate_json(json.dumps(document))
    jsonschema_rs.validator_for({**json_schema(), "$ref": f"#/$defs/{name}"}).validate(document)


@pytest.mark.parametrize(("name", "document"), INVALID)
def test_model_refuses_what_is_invalid(name: str, document: Any) -> None:
    with pytest.raises(ValidationError):
        adapter(name).validate_json(json.dumps(document))


@pytest.mark.parametrize(("name", "document"), VALID)
def test_what_we_send_may_gain_fields_and_what_we_take_may_not(name: str, document: Any) -> None:
    """WS11: readers ignore unknown fields. Inwards an unknown field is a mistake that the sender should hear of."""
    extended = json.dumps({**document, "colour": "green"})
    if name in {model.__name__ for model in OUTWARD}:
        adapter(name).validate_json(extended)
    else:
        with pytest.raises(ValidationError, match="colour"):
            adapter(name).validate_json(extended)
