"""Events that the backend publishes to the topic ``task-updates``."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from tandem_protocol.base import Identifier, Inward, Outward, Timestamp, Traceparent
from tandem_protocol.tasks import Task


class TaskEventType(StrEnum):
    """What happened to a task (EV5)."""

    CREATED = "task.created"
    UPDATED = "task.updated"
    COMPLETED = "task.completed"
    DELETED = "task.deleted"


class Actor(Outward):
    """Who did it, and on which of their devices."""

    user_id: Identifier
    name: str
    device_id: Identifier
    device: str


class TaskEvent(Inward):
    """A change of one task, with the task as it is after the change (as it was, for a deletion).

    ``mutation`` is the ``Idempotency-Key`` of the request that caused it, or ``event_id`` where there was
    none: by it a client recognises its own edits (CL13). ``audience`` names the users who may see it (EV6).
    ``trace`` is that of the request, where it is known (TR2).
    """

    event_type: TaskEventType
    event_id: Identifier
    user_id: Identifier
    task: Task
    space: Identifier
    epoch: Identifier
    seq: int
    timestamp: Timestamp
    actor: Actor
    mutation: str
    audience: list[Identifier]
    trace: Traceparent | None = None


class SessionRevoked(Inward):
    """Sessions of a user have ended (EV7): their sockets close at once (WS8)."""

    event_type: Literal["session.revoked"] = "session.revoked"
    event_id: Identifier
    user_id: Identifier
    sessions: list[Identifier]
    timestamp: Timestamp
    trace: Traceparent | None = None


class Canary(Inward):
    """Proves the way from a backend to a websocket service (EV10); ``event_id`` is what the service asked for."""

    event_type: Literal["canary"] = "canary"
    event_id: Identifier
    timestamp: Timestamp


Event = Annotated[TaskEvent | SessionRevoked | Canary, Field(union_mode="left_to_right")]
"""Anything that travels on the topic ``task-updates``."""
