"""The outbox: events that were committed with their change and wait to be published (EV1)."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, not_, select

from tandem_backend.storage.tables import outbox

_ADD = insert(outbox)
_DELETE = delete(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True)))
_COUNT = select(func.count()).select_from(outbox)


class StoredEvent(NamedTuple):
    """An event and its place in the outbox."""

    id: int
    event: bytes


def add(connection: Connection, event: bytes) -> None:
    """Store an event; it exists if and only if the transaction commits."""
    connection.execute(_ADD, {"event": event})


def waiting(connection: Connection, known: Iterable[int], limit: int) -> list[StoredEvent]:
    """Return the oldest events whose ids are not ``known``.

    On PostgreSQL a lower id may become visible after a higher one, so there is no mark below which all is done; what
    was published and not yet removed is left out by name. Its ids are nearly always in a row, so it is left out by
    ranges: one for hundreds of ids.
    """
    spans = _spans(known)
    bounds = {f"{name}_{place}": bound for place, span in enumerate(spans) for name, bound in span._asdict().items()}
    rows = connection.execute(_waiting_outside(len(spans)), {**bounds, "limit": limit})
    return [StoredEvent(row[0], bytes(row[1])) for row in rows]


def remove(connection: Connection, ids: Sequence[int]) -> None:
    """Forget published events."""
    connection.execute(_DELETE, {"ids": list(ids)})


def size(connection: Connection) -> int:
    """Return how many events are stored."""
    return connection.execute(_COUNT).scalar_one()


class _Span(NamedTuple):
    """Ids without a gap, both ends included."""

    first: int
    last: int


def _spans(ids: Iterable[int]) -> list[_Span]:
    """Return the spans that hold these ids and no other."""
    spans: list[_Span] = []
    for number in sorted(ids):
        if spans and spans[-1].last == number - 1:
            spans[-1] = _Span(spans[-1].first, number)
        else:
            spans.append(_Span(number, number))
    return spans


@lru_cache(maxsize=16)
def _waiting_outside(spans: int) -> Select[int, bytes]:
    """Return the query for events outside of so many spans."""
    outside = (
        not_(outbox.c.id.between(bindparam(f"first_{place}"), bindparam(f"last_{place}"))) for place in range(spans)
    )
    return select(outbox.c.id, outbox.c.event).where(*outside).order_by(outbox.c.id).limit(bindparam("limit"))
