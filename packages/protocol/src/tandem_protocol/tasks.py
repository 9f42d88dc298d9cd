"""Tasks: what the server tells of them and what a client may ask."""

from datetime import date as Date  # noqa: N812 - "date" is the name of a field
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from tandem_protocol.base import NO_CONTROL, Identifier, Inward, Outward, Text, Timestamp
from tandem_protocol.limits import DESCRIPTION_MAX, TITLE_MAX, ZONE_MAX


class Priority(StrEnum):
    """How much a task matters."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_MAX, pattern=NO_CONTROL)]
Description = Annotated[Text, StringConstraints(max_length=DESCRIPTION_MAX)]


def _known_zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError("not a time zone of the IANA database, such as Europe/Vienna")
    return name


_ZONES = frozenset(available_timezones())
Zone = Annotated[str, StringConstraints(min_length=1, max_length=ZONE_MAX), AfterValidator(_known_zone)]


class DueDay(Inward):
    """Due on a calendar day, wherever its reader is: it has no time zone and never drifts."""

    kind: Literal["day"] = "day"
    date: Date


class DueInstant(Inward):
    """Due at a moment, and the zone in which somebody meant it."""

    kind: Literal["instant"] = "instant"
    at: Timestamp
    zone: Zone


Due = Annotated[DueDay | DueInstant, Field(discriminator="kind")]


class Task(Outward):
    """A task as the server knows it. ``seq`` is the change of its space that last touched it (SP2)."""

    id: Identifier
    user_id: Identifier
    space: Identifier
    seq: int
    title: str
    description: str
    completed: bool
    completed_at: Timestamp | None
    priority: Priority
    due: Due | None
    created_at: Timestamp
    updated_at: Timestamp


class TaskCreate(Inward):
    """A new task. The client makes ``id`` (WR1); without ``space`` the task goes to the user's Inbox."""

    id: Identifier | None = None
    space: Identifier | None = None
    title: Title
    description: Description = ""
    priority: Priority = Priority.MEDIUM
    due: Due | None = None


class TaskPatch(Inward):
    """The fields to change; a field that is not named keeps its value (WR2)."""

    title: Title = ""
    description: Description = ""
    priority: Priority = Priority.MEDIUM
    completed: bool = False
    due: Due | None = None

    @model_validator(mode="after")
    def _names_a_field(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("names no field to change")
        return self


class TaskDeleted(Outward):
    """The answer to a deletion."""

    id: Identifier
    space: Identifier
    seq: int


class TaskList(Outward):
    """All live tasks of a user, and the place in the change feed that they stand at."""

    tasks: list[Task]
    cursor: str
