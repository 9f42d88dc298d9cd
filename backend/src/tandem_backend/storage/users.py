"""Accounts."""

from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from tandem_backend.storage.tables import users


class UserRecord(NamedTuple):
    """An account as the database holds it."""

    id: str
    email: str
    name: str
    password_hash: str
    inbox_id: str


_COLUMNS = tuple(users.c[name] for name in UserRecord._fields)


def by_email(connection: Connection, email: str) -> UserRecord | None:
    """Return the account with this (normalised) address."""
    row = connection.execute(select(*_COLUMNS).where(users.c.email == email)).first()
    return None if row is None else UserRecord._make(row)


def by_id(connection: Connection, user: str) -> UserRecord | None:
    """Return an account."""
    row = connection.execute(select(*_COLUMNS).where(users.c.id == user)).first()
    return None if row is None else UserRecord._make(row)


def add(connection: Connection, user: UserRecord, now: int) -> None:
    """Insert an account; ``now`` is milliseconds since 1970."""
    connection.execute(insert(users).values(**user._asdict(), created_at=now))


def rename(connection: Connection, user: str, name: str) -> None:
    """Change the name that others see."""
    connection.execute(update(users).where(users.c.id == user).values(name=name))


def replace_password(connection: Connection, user: str, known: str, password_hash: str) -> bool:
    """Replace the password's hash if it is still the ``known`` one; return whether it was."""
    changed = update(users).where(users.c.id == user, users.c.password_hash == known)
    return connection.execute(changed.values(password_hash=password_hash)).rowcount == 1


def holds_password(connection: Connection, user: str, known: str) -> bool:
    """Return whether the password's hash is still the ``known`` one, and keep it so until the transaction ends."""
    query = select(users.c.id).where(users.c.id == user, users.c.password_hash == known).with_for_update()
    return connection.execute(query).first() is not None


def set_password(connection: Connection, user: str, password_hash: str) -> None:
    """Replace the password's hash."""
    connection.execute(update(users).where(users.c.id == user).values(password_hash=password_hash))


def count(connection: Connection) -> int:
    """Return the number of accounts."""
    return connection.execute(select(func.count()).select_from(users)).scalar_one()
