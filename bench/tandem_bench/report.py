"""What a measurement found, as a table for people and as JSON for later comparison."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tandem_bench.summary import Spread

Direction = Literal["at most", "at least"]


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that a figure should keep."""

    direction: Direction
    bound: float

    def met(self, value: float) -> bool:
        """Return whether ``value`` keeps the bound."""
        return value <= self.bound if self.direction == "at most" else value >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.direction == 'at most' else '≥'} {_number(self.bound)}"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: a value, or the spread of repeated measurements."""

    label: str
    value: float | Spread
    unit: str
    target: Target | None = None

    @property
    def figure(self) -> float:
        """Return the value, or the median."""
        return self.value.median if isinstance(self.value, Spread) else self.value

    @property
    def verdict(self) -> str:
        """Return ``met``, ``missed``, or nothing where there is no target."""
        return "" if self.target is None else "met" if self.target.met(self.figure) else "missed"

    def cells(self) -> tuple[str, str, str, str]:
        """Return the row of the table."""
        shown = f"{_number(self.figure)} {self.unit}".rstrip()
        if isinstance(self.value, Spread):
            shown += f" ({_number(self.value.lowest)} to {_number(self.value.highest)})"
        return self.label, shown, "" if self.target is None else str(self.target), self.verdict


@dataclass(frozen=True, slots=True)
class Section:
    """What one measurement found; ``data`` are the raw figures."""

    title: str
    rows: Sequence[Row]
    notes: Sequence[str] = ()
    data: dict[str, Any] = field(default_factory=dict[str, Any])


def table(sections: Iterable[Section]) -> str:
    """Return the sections as a Markdown table with their notes behind it."""
    lines: list[tuple[str, str, str, str]] = [("figure", "measured", "target", "")]
    notes: list[str] = []
    for section in sections:
        lines.append((f"**{section.title}**", "", "", ""))
        lines.extend(row.cells() for row in section.rows)
        notes.extend(f"- {section.title}: {note}" for note in section.notes)
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    text = [_line(line, widths) for line in lines]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([*text, "", *notes])


def as_json(section: Section) -> dict[str, Any]:
    """Return a section as JSON-ready data."""
    return {
        "title": section.title,
        "figures": [
            {
                "label": row.label,
                "value": row.figure,
                "spread": row.value._asdict() if isinstance(row.value, Spread) else None,
                "unit": row.unit,
                "target": None if row.target is None else str(row.target),
                "verdict": row.verdict,
            }
            for row in section.rows
        ],
        "notes": list(section.notes),
        "data": section.data,
    }


def store(folder: Path, name: str, document: dict[str, Any]) -> Path:
    """Write a run's document and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def _number(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
