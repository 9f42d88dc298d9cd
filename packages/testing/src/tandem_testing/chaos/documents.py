"""Tasks of the wire, in the form in which the checker compares them."""

from datetime import datetime, timedelta
from typing import Any, Final

from tandem_testing.chaos.database import Content
from tandem_testing.chaos.history import Document

_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def content_of(document: Document) -> Content:
    """Return what a task of the wire says."""
    return Content(
        title=document["title"],
        description=document["description"],
        priority=document["priority"],
        completed=document["completed"],
        due=due_of(document["due"]),
        created_at=milliseconds(document["created_at"]),
        updated_at=milliseconds(document["updated_at"]),
        completed_at=None if document["completed_at"] is None else milliseconds(document["completed_at"]),
    )


def due_of(due: Document | None) -> tuple[str, ...] | None:
    """Return when a task is due."""
    if due is None:
        return None
    if due["kind"] == "day":
        return ("day", due["date"])
    return ("instant", str(milliseconds(due["at"])), due["zone"])


def values_of(fields: Document) -> dict[str, Any]:
    """Return the fields that a write named, with values as `Content` has them."""
    return {name: due_of(value) if name == "due" else value for name, value in fields.items() if name != "space"}


def milliseconds(text: str) -> int:
    """Return a moment (RFC 3339) as milliseconds since 1970."""
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(milliseconds=1)
