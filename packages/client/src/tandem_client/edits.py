"""What a user does, until the server's state shows it."""

from dataclasses import dataclass
from datetime import datetime

from tandem_client.confirmed import Place
from tandem_protocol.tasks import Task, TaskCreate, TaskPatch


@dataclass(frozen=True, slots=True)
class Delete:
    """Deletes the task."""


@dataclass(frozen=True, slots=True)
class Restore:
    """Brings the deleted task back."""


Change = TaskCreate | TaskPatch | Delete | Restore


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit under the key that all its tries carry (CL8).

    ``made_at`` is shown until the server's times come, and never compared (SP6).
    """

    key: str
    task_id: str
    user_id: str
    change: Change
    made_at: datetime
    answer: Place | None = None


def apply(task: Task | None, edit: Edit) -> Task | None:
    """Return a task as it is after an edit, as the server will do it; ``None`` is no task."""
    change = edit.change
    if isinstance(change, TaskCreate):
        # What is confirmed already is the very task: its event came before the answer.
        return task or _created(edit, change)
    if isinstance(change, TaskPatch):
        # Deletion wins (WR3).
        return task and _patched(task, change, edit.made_at)
    # A task that is brought back is shown when the server says what it looks like.
    return None if isinstance(change, Delete) else task


def _created(edit: Edit, fields: TaskCreate) -> Task:
    # Not validated: which space the Inbox is, only the answer says.
    return Task.model_construct(
        id=edit.task_id,
        user_id=edit.user_id,
        space=edit.answer.space if edit.answer else fields.space or "",
        seq=0,
        title=fields.title,
        description=fields.description,
        completed=False,
        completed_at=None,
        priority=fields.priority,
        due=fields.due,
        created_at=edit.made_at,
        updated_at=edit.made_at,
    )


def _patched(task: Task, patch: TaskPatch, moment: datetime) -> Task:
    fields = {name: getattr(patch, name) for name in patch.model_fields_set}
    completed = fields.get("completed", task.completed)
    if completed != task.completed:
        fields["completed_at"] = moment if completed else None
    return task.model_copy(update={**fields, "updated_at": moment})
