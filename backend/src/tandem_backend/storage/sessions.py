"""Signed-in sessions, one a device."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from tandem_backend.domain.refresh import Rotation
from tandem_backend.storage.tables import sessions, users


class Actor(NamedTuple):
    """Who acts: the user and the device of a session that has not ended (AU5)."""

    user_id: str
    name: str
    email: str
    inbox_id: str
    session_id: str
    device: str


class SessionRecord(NamedTuple):
    """A session as its owner sees it; moments are milliseconds since 1970."""

    id: str
    device: str
    created_at: int
    last_used_at: int


ACTOR = (
    select(users.c.id, users.c.name, users.c.email, users.c.inbox_id, sessions.c.id, sessions.c.device)
    .join(users, users.c.id == sessions.c.user_id)
    .where(
        sessions.c.id == bindparam("session"),
        sessions.c.user_id == bindparam("user"),
        sessions.c.ended_at.is_(None),
    )
)
"""The columns of an `Actor`."""
_RUNNING = select(sessions.c.id).where(
    sessions.c.id.in_(bindparam("ids", expanding=True)), sessions.c.ended_at.is_(None)
)
# SQLite takes some 32,000 parameters in a statement.
_CHUNK: Final = 1_000


def actor(connection: Connection, user: str, session: str) -> Actor | None:
    """Return who acts under a session; None when it has ended or never was."""
    row = connection.execute(ACTOR, {"user": user, "session": session}).first()
    return None if row is None else Actor._make(row)


def add(connection: Connection, *, session: str, user: str, device: str, rotation: Rotation, now: int) -> None:
    """Begin a session."""
    connection.execute(
        insert(sessions).values(
            id=session, user_id=user, device=device, created_at=now, last_used_at=now, **_columns(rotation)
        )
    )


def rotation(connection: Connection, session: str) -> tuple[str, Rotation] | None:
    """Return the user of a running session and where its refresh rotation stands; holds the row."""
    row = connection.execute(
        select(
            sessions.c.user_id,
            sessions.c.refresh_base,
            sessions.c.refresh_next,
            sessions.c.refresh_issued_at,
            sessions.c.refresh_confirmed,
        )
        .where(sessions.c.id == session, sessions.c.ended_at.is_(None))
        .with_for_update()
    ).first()
    return None if row is None else (row[0], Rotation(row[1], row[2], row[3], row[4]))


def rotate(connection: Connection, session: str, state: Rotation, now: int) -> None:
    """Write where the rotation stands, and that the session was used."""
    connection.execute(update(sessions).where(sessions.c.id == session).values(last_used_at=now, **_columns(state)))


def running(connection: Connection, user: str) -> list[SessionRecord]:
    """Return a user's sessions that have not ended, the last used first."""
    rows = connection.execute(
        select(sessions.c.id, sessions.c.device, sessions.c.created_at, sessions.c.last_used_at)
        .where(sessions.c.user_id == user, sessions.c.ended_at.is_(None))
        .order_by(sessions.c.last_used_at.desc(), sessions.c.id)
    )
    return [SessionRecord._make(row) for row in rows]


def end(connection: Connection, user: str, ids: Collection[str], now: int) -> list[str]:
    """End those of a user's sessions that still run, and return which they were."""
    rows = connection.execute(
        update(sessions)
        .where(sessions.c.user_id == user, sessions.c.id.in_(list(ids)), sessions.c.ended_at.is_(None))
        .values(ended_at=now)
        .returning(sessions.c.id)
    )
    return [row[0] for row in rows]


def ended(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Return which of the sessions have ended, or never were."""
    alive: set[str] = set()
    for first in range(0, len(ids), _CHUNK):
        alive.update(row[0] for row in connection.execute(_RUNNING, {"ids": ids[first : first + _CHUNK]}))
    return [session for session in ids if session not in alive]


def purge(connection: Connection, before: int, limit: int) -> int:
    """Forget at most ``limit`` sessions that were last used before a moment, and return how many there were.

    They count as ended from then on.
    """
    old = select(sessions.c.id).where(sessions.c.last_used_at < before).limit(limit)
    return connection.execute(delete(sessions).where(sessions.c.id.in_(old))).rowcount


def _columns(state: Rotation) -> dict[str, object]:
    return {
        "refresh_base": state.base,
        "refresh_next": state.next,
        "refresh_issued_at": state.issued_at,
        "refresh_confirmed": state.confirmed,
    }
