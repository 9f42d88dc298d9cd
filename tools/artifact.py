"""A generated file, and what can go wrong while generating."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent


class GenerateError(Exception):
    """Something cannot be generated; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A generated file: where it belongs, from the root of the repository, and what must stand in it."""

    path: str
    content: str

    def is_stale(self) -> bool:
        """Return whether the file is missing or says something else."""
        file = ROOT / self.path
        return not file.is_file() or file.read_text(encoding="utf-8") != self.content

    def write(self) -> None:
        """Write the file, and the folders that it is in."""
        file = ROOT / self.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.content, encoding="utf-8")


def to_json(document: Any) -> str:
    """Return ``document`` as it is kept in the repository."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
