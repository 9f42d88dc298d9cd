"""Answers that were given, by Idempotency-Key (WR4)."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, tuple_

from tandem_backend.storage.tables import idempotency

_FIND = select(idempotency.c.fingerprint, idempotency.c.status, idempotency.c.body).where(
    idempotency.c.user_id == bindparam("user"), idempotency.c.key == bindparam("key")
)
_ADD = insert(idempotency)


class StoredAnswer(NamedTuple):
    """An answer, and a fingerprint of the request that it answered."""

    fingerprint: bytes
    status: int
    body: bytes


def find(connection: Connection, user: str, key: str) -> StoredAnswer | None:
    """Return what was answered under this key of this user."""
    row = connection.execute(_FIND, {"user": user, "key": key}).first()
    return None if row is None else StoredAnswer(bytes(row[0]), row[1], bytes(row[2]))


def add(connection: Connection, user: str, key: str, answer: StoredAnswer, now: int) -> None:
    """Keep an answer; ``now`` is milliseconds since 1970."""
    connection.execute(_ADD, {"user_id": user, "key": key, **answer._asdict(), "created_at": now})


def purge(connection: Connection, before: int, limit: int) -> int:
    """Forget at most ``limit`` answers given before a moment, and return how many there were."""
    key = tuple_(idempotency.c.user_id, idempotency.c.key)
    old = select(idempotency.c.user_id, idempotency.c.key).where(idempotency.c.created_at < before).limit(limit)
    return connection.execute(delete(idempotency).where(key.in_(old))).rowcount
