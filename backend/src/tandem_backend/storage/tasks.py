"""Rows of tasks and of their tombstones."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, insert, select, update

from tandem_backend.domain.tasks import TaskRecord
from tandem_backend.storage.tables import members, spaces, tasks

COLUMNS = tuple(tasks.c[name] for name in TaskRecord._fields)

_VISIBLE = (
    select(*COLUMNS)
    .join(members, members.c.space_id == tasks.c.space_id)
    .where(members.c.user_id == bindparam("user"), tasks.c.id == bindparam("task"))
)
_VISIBLE_FOR_UPDATE = _VISIBLE.with_for_update(of=tasks)
_LIVE = (
    select(*COLUMNS)
    .join(members, members.c.space_id == tasks.c.space_id)
    .where(members.c.user_id == bindparam("user"), tasks.c.deleted_at.is_(None))
    .order_by(tasks.c.created_at, tasks.c.id)
)
_SINCE = (
    select(*COLUMNS)
    .where(tasks.c.space_id == bindparam("space"), tasks.c.seq > bindparam("seq"))
    .order_by(tasks.c.seq)
    .limit(bindparam("limit"))
)
_LIVE_SINCE = _SINCE.where(tasks.c.deleted_at.is_(None))
_SEEN = select(members.c.space_id).where(members.c.user_id == bindparam("user")).scalar_subquery()
_ROOM = (
    select(members.c.user_id, tasks.c.id, tasks.c.deleted_at)
    .join(spaces, spaces.c.id == members.c.space_id)
    .outerjoin(tasks, and_(tasks.c.id == bindparam("task"), tasks.c.space_id.in_(_SEEN)))
    .where(members.c.space_id == bindparam("space"), spaces.c.kind == "list")
    .order_by(members.c.user_id)
)
_INSERT = insert(tasks)


class Room(NamedTuple):
    """What a new task meets: who will see it, and whether its id is taken, by a task or by a tombstone."""

    audience: list[str]
    taken: bool
    deleted: bool


def room(connection: Connection, user: str, space: str, task: str) -> Room:
    """Return whether a task can be made.

    Args:
        connection: Inside a transaction.
        user: Who makes it; their ids must differ in all spaces that they see.
        space: Where to. The audience is empty if it is no list: a private space holds no tasks.
        task: The new task's id.
    """
    rows = connection.execute(_ROOM, {"user": user, "space": space, "task": task}).all()
    taken = bool(rows) and rows[0][1] is not None
    return Room([row[0] for row in rows], taken, taken and rows[0][2] is not None)


def find(connection: Connection, user: str, task: str, *, for_update: bool = False) -> TaskRecord | None:
    """Return a task that the user sees, or its tombstone.

    Args:
        connection: Inside a transaction.
        user: Whose eyes count.
        task: The task's id.
        for_update: Hold the row until the end of the transaction (a no-op on SQLite, which has one writer).
    """
    query = _VISIBLE_FOR_UPDATE if for_update else _VISIBLE
    row = connection.execute(query, {"user": user, "task": task}).first()
    return None if row is None else TaskRecord._make(row)


def live(connection: Connection, user: str) -> list[TaskRecord]:
    """Return all tasks that the user sees, without tombstones."""
    return [TaskRecord._make(row) for row in connection.execute(_LIVE, {"user": user})]


def since(connection: Connection, space: str, seq: int, limit: int, *, tombstones: bool) -> list[TaskRecord]:
    """Return at most ``limit`` tasks of a space whose last change came after ``seq``, in the order of changes."""
    query = _SINCE if tombstones else _LIVE_SINCE
    rows = connection.execute(query, {"space": space, "seq": seq, "limit": limit})
    return [TaskRecord._make(row) for row in rows]


def add(connection: Connection, task: TaskRecord) -> None:
    """Insert a task."""
    connection.execute(_INSERT, task._asdict())


def change(connection: Connection, task: TaskRecord, columns: Mapping[str, Any]) -> TaskRecord:
    """Write columns of a task and return it as it is then."""
    connection.execute(update(tasks).where(tasks.c.space_id == task.space_id, tasks.c.id == task.id).values(**columns))
    return task._replace(**columns)
