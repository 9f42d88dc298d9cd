"""The outbox: events that were committed with their change and wait to be published (EV1)."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from tandem_backend.storage.tables import outbox

_ADD = insert(outbox)
_WAITING = (
    select(outbox.c.id, outbox.c.event)
    .where(outbox.c.id.not_in(bindparam("known", expanding=True)))
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
)
_DELETE = delete(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True)))
_COUNT = select(func.count()).select_from(outbox)


class StoredEvent(NamedTuple):
    """An event and its place in the outbox."""

    id: int
    event: bytes


def add(connection: Connection, event: bytes) -> None:
    """Store an event; it exists if and only if the transaction commits."""
    connection.execute(_ADD, {"event": event})


def waiting(connection: Connection, known: Collection[int], limit: int) -> list[StoredEvent]:
    """Return the oldest events whose ids are not ``known``.

    On PostgreSQL a lower id may become visible after a higher one, so there is no mark below which all is done; what
    was published and not yet removed is left out by name.
    """
    rows = connection.execute(_WAITING, {"known": list(known), "limit": limit})
    return [StoredEvent(row[0], bytes(row[1])) for row in rows]


def remove(connection: Connection, ids: Sequence[int]) -> None:
    """Forget published events."""
    connection.execute(_DELETE, {"ids": list(ids)})


def size(connection: Connection) -> int:
    """Return how many events are stored."""
    return connection.execute(_COUNT).scalar_one()
