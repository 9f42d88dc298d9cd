"""Confirmed state: what the server said, and nothing else (CL1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from tandem_protocol.messages import Heads
from tandem_protocol.tasks import Task


class Place(NamedTuple):
    """Where a change is: in which space, and its ``seq`` (WR5)."""

    space: str
    seq: int


@dataclass(slots=True)
class Space:
    """What is known of a space (SP1): its history, how far it was read, and the live tasks by id."""

    epoch: str
    cursor: int
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])


class Standing(Enum):
    """Where confirmed state stands against the heads of a heartbeat (CL5)."""

    LEVEL = "level"
    SHORT = "short"
    """Of changes whose events may be on their way."""
    ASTRAY = "astray"
    """No event can help: a space is ahead of its head, of another epoch, new, or gone."""


def standing(spaces: Mapping[str, Space], heads: Heads) -> Standing:
    """Compare confirmed state with heads that have just come."""
    if spaces.keys() != heads.keys():
        return Standing.ASTRAY
    if any(spaces[key].epoch != head.epoch or spaces[key].cursor > head.head for key, head in heads.items()):
        return Standing.ASTRAY
    return Standing.LEVEL if has_reached(spaces, heads) else Standing.SHORT


def has_reached(spaces: Mapping[str, Space], heads: Heads) -> bool:
    """Return whether confirmed state shows all that heads of some time ago told of; it may be further."""
    return all(
        (space := spaces.get(key)) is not None and space.epoch == head.epoch and space.cursor >= head.head
        for key, head in heads.items()
    )
