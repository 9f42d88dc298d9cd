"""The async Python client of Tandem: the tasks of a user, the same here as everywhere, at once."""

from tandem_client.changes import Change, ChangeStream
from tandem_client.client import Options, Tandem, Write
from tandem_client.errors import (
    RefusedError,
    SessionEndedError,
    StoppedError,
    TandemError,
    UnavailableError,
    UnsentError,
)
from tandem_client.pace import Pace
from tandem_client.status import Phase, SetAside, Status
from tandem_protocol.events import Actor, TaskEventType
from tandem_protocol.tasks import DueDay, DueInstant, Priority, Task, TaskDeleted

__all__ = [
    "Actor",
    "Change",
    "ChangeStream",
    "DueDay",
    "DueInstant",
    "Options",
    "Pace",
    "Phase",
    "Priority",
    "RefusedError",
    "SessionEndedError",
    "SetAside",
    "Status",
    "StoppedError",
    "Tandem",
    "TandemError",
    "Task",
    "TaskDeleted",
    "TaskEventType",
    "UnavailableError",
    "UnsentError",
    "Write",
]
