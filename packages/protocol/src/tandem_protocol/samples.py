"""Golden samples: what each model must take and must refuse, for the tests of both languages."""

import json
from importlib.resources import files
from typing import Any, TypedDict


class Samples(TypedDict):
    """Documents that a model accepts and documents that it refuses."""

    valid: list[Any]
    invalid: list[Any]


def golden_samples() -> dict[str, Samples]:
    """Return the samples of each model by its name."""
    text = files("tandem_protocol").joinpath("samples.json").read_text(encoding="utf-8")
    samples: dict[str, Samples] = json.loads(text)
    return samples
