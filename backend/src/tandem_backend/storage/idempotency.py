"""Answers that were given, by Idempotency-Key (WR4)."""

from typing import Final, NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, tuple_

from tandem_backend.storage.sessions import ACTOR, Actor
from tandem_backend.storage.tables import idempotency, users

# Both are asked for by each write: one statement instead of two is a twentieth of a write's time.
_RECALL = ACTOR.add_columns(idempotency.c.fingerprint, idempotency.c.status, idempotency.c.body).outerjoin(
    idempotency, and_(idempotency.c.user_id == users.c.id, idempotency.c.key == bindparam("key"))
)
_ACTOR_COLUMNS: Final = len(Actor._fields)
_ADD = insert(idempotency)


class StoredAnswer(NamedTuple):
    """An answer, and a fingerprint of the request that it answered."""

    fingerprint: bytes
    status: int
    body: bytes


def recall(connection: Connection, user: str, session: str, key: str) -> tuple[Actor | None, StoredAnswer | None]:
    """Return who acts under a session, and what was answered to this user under this key.

    The first is None when the session has ended or never was.
    """
    row = connection.execute(_RECALL, {"user": user, "session": session, "key": key}).first()
    if row is None:
        return None, None
    actor = Actor._make(row[:_ACTOR_COLUMNS])
    fingerprint, status, body = row[_ACTOR_COLUMNS:]
    stored = None if fingerprint is None else StoredAnswer(bytes(fingerprint), status, bytes(body))
    return actor, stored


def add(connection: Connection, user: str, key: str, answer: StoredAnswer, now: int) -> None:
    """Keep an answer; ``now`` is milliseconds since 1970."""
    connection.execute(_ADD, {"user_id": user, "key": key, **answer._asdict(), "created_at": now})


def purge(connection: Connection, before: int, limit: int) -> int:
    """Forget at most ``limit`` answers given before a moment, and return how many there were."""
    key = tuple_(idempotency.c.user_id, idempotency.c.key)
    old = select(idempotency.c.user_id, idempotency.c.key).where(idempotency.c.created_at < before).limit(limit)
    return connection.execute(delete(idempotency).where(key.in_(old))).rowcount
