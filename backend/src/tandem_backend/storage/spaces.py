"""Spaces: who sees them, and the counter that orders their changes (SP rules)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from tandem_backend.storage.tables import members, spaces

_AUDIENCE = select(members.c.user_id).where(members.c.space_id == bindparam("space")).order_by(members.c.user_id)
_ADVANCE = (
    update(spaces)
    .where(spaces.c.id == bindparam("space"))
    .values(head=spaces.c.head + 1)
    .returning(spaces.c.epoch, spaces.c.head)
)
_OF_USER = (
    select(spaces.c.id, spaces.c.epoch, spaces.c.head, spaces.c.min_seq)
    .join(members, members.c.space_id == spaces.c.id)
    .where(members.c.user_id == bindparam("user"))
    .order_by(spaces.c.id)
)
_OF_USERS = (
    select(members.c.user_id, spaces.c.id, spaces.c.epoch, spaces.c.head, spaces.c.min_seq)
    .join(members, members.c.space_id == spaces.c.id)
    .where(members.c.user_id.in_(bindparam("users", expanding=True)))
)
# SQLite takes some 32,000 parameters in a statement.
_CHUNK: Final = 1_000


class Advance(NamedTuple):
    """The place of a change: the space's history and the change's number in it."""

    epoch: str
    seq: int


class SpaceRecord(NamedTuple):
    """Where a space stands."""

    id: str
    epoch: str
    head: int
    min_seq: int


def advance(connection: Connection, space: str) -> Advance:
    """Take the next ``seq`` of a space (SP2).

    Called as late as possible: from here to the commit no other change of the space can be made.
    """
    return Advance._make(connection.execute(_ADVANCE, {"space": space}).one())


def audience(connection: Connection, space: str) -> list[str]:
    """Return the users who see a space; empty if there is no such space."""
    return [row[0] for row in connection.execute(_AUDIENCE, {"space": space})]


def of_user(connection: Connection, user: str) -> list[SpaceRecord]:
    """Return all spaces that a user sees, in the order of their ids (SP3)."""
    return [SpaceRecord._make(row) for row in connection.execute(_OF_USER, {"user": user})]


def of_users(connection: Connection, users: Sequence[str]) -> Iterator[tuple[str, SpaceRecord]]:
    """Yield each user with each of the spaces that they see."""
    for first in range(0, len(users), _CHUNK):
        for row in connection.execute(_OF_USERS, {"users": users[first : first + _CHUNK]}):
            yield row[0], SpaceRecord._make(row[1:])


def rotate_epochs(connection: Connection, new_epoch: Callable[[], str]) -> int:
    """Give every space a new history (SP5), and return how many there are."""
    ids = [row[0] for row in connection.execute(select(spaces.c.id).order_by(spaces.c.id))]
    for space in ids:
        connection.execute(update(spaces).where(spaces.c.id == space).values(epoch=new_epoch()))
    return len(ids)


def add(connection: Connection, *, space: str, kind: str, owner: str, epoch: str) -> None:
    """Create an empty space whose only member is its owner."""
    connection.execute(insert(spaces).values(id=space, kind=kind, owner_id=owner, epoch=epoch))
    connection.execute(insert(members).values(space_id=space, user_id=owner))
