"""Tasks: how they look on the wire, and what a change does to them."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from tandem_backend.domain.moments import to_ms, wire, wire_or_none
from tandem_protocol.events import TaskEventType
from tandem_protocol.tasks import Due, DueDay, Priority, TaskCreate, TaskPatch

Columns = dict[str, Any]
"""Values of columns by name."""


class TaskRecord(NamedTuple):
    """A task as the database holds it; moments are milliseconds since 1970."""

    space_id: str
    id: str
    seq: int
    user_id: str
    title: str
    description: str
    priority: str
    completed: bool
    completed_at: int | None
    due_date: date | None
    due_at: int | None
    due_zone: str | None
    created_at: int
    updated_at: int
    deleted_at: int | None


def document(task: TaskRecord) -> dict[str, Any]:
    """Return the task as JSON-ready data, in the form of `tandem_protocol.tasks.Task`."""
    return {
        "id": task.id,
        "user_id": task.user_id,
        "space": task.space_id,
        "seq": task.seq,
        "title": task.title,
        "description": task.description,
        "completed": task.completed,
        "completed_at": wire_or_none(task.completed_at),
        "priority": task.priority,
        "due": _due_document(task),
        "created_at": wire(task.created_at),
        "updated_at": wire(task.updated_at),
    }


def created(body: TaskCreate, *, user_id: str, now: int) -> Columns:
    """Return the columns of a new task, without id, space and seq."""
    return {
        "user_id": user_id,
        "title": body.title,
        "description": body.description,
        "priority": body.priority.value,
        "completed": False,
        "completed_at": None,
        **_due_columns(body.due),
        "created_at": now,
        "updated_at": now,
        "deleted_at": None,
    }


def changed(task: TaskRecord, patch: TaskPatch, now: int) -> Columns:
    """Return the columns that a PATCH changes (WR2); empty when it changes nothing (WR5).

    Args:
        task: As it is.
        patch: Of which only the fields that were named count.
        now: Milliseconds since 1970.
    """
    wanted: Columns = {}
    for name in patch.model_fields_set:
        if name == "due":
            wanted |= _due_columns(patch.due)
        else:
            value = getattr(patch, name)
            wanted[name] = value.value if isinstance(value, Priority) else value
    columns = _differing(task, wanted)
    if "completed" in columns:
        columns["completed_at"] = now if columns["completed"] else None
    if columns:
        columns["updated_at"] = now
    return columns


def event_type(columns: Mapping[str, Any]) -> TaskEventType:
    """Return what the change of these columns is called (EV5)."""
    return TaskEventType.COMPLETED if columns.get("completed") else TaskEventType.UPDATED


def _differing(task: TaskRecord, wanted: Columns) -> Columns:
    return {name: value for name, value in wanted.items() if getattr(task, name) != value}


def _due_columns(due: Due | None) -> Columns:
    if due is None:
        return {"due_date": None, "due_at": None, "due_zone": None}
    if isinstance(due, DueDay):
        return {"due_date": due.date, "due_at": None, "due_zone": None}
    return {"due_date": None, "due_at": to_ms(due.at), "due_zone": due.zone}


def _due_document(task: TaskRecord) -> dict[str, Any] | None:
    if task.due_date is not None:
        return {"kind": "day", "date": task.due_date.isoformat()}
    if task.due_at is not None:
        return {"kind": "instant", "at": wire(task.due_at), "zone": task.due_zone}
    return None
