"""Which keys a database is used with, by the fingerprint of the secret one (ST7)."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, text

from tandem_backend.storage.tables import key_fingerprints

_REFRESH: Final = "refresh"
_RECORD: Final = text(
    "INSERT INTO key_fingerprints (name, fingerprint) VALUES (:name, :fingerprint) ON CONFLICT DO NOTHING"
)
"""The same in both databases."""
_READ = select(key_fingerprints.c.fingerprint).where(key_fingerprints.c.name == bindparam("name"))


def recorded(connection: Connection) -> str | None:
    """Return the fingerprint of the keys in use, None where none were used yet."""
    return connection.execute(_READ, {"name": _REFRESH}).scalar()


def record(connection: Connection, fingerprint: str) -> str:
    """Record a fingerprint if there is none yet, and return the one that is recorded.

    Of several programs at once one is the first; the others wait for its commit and get its fingerprint.
    """
    connection.execute(_RECORD, {"name": _REFRESH, "fingerprint": fingerprint})
    return connection.execute(_READ, {"name": _REFRESH}).scalar_one()


def replace(connection: Connection, fingerprint: str) -> None:
    """Record a fingerprint whatever was recorded before."""
    forget(connection)
    connection.execute(insert(key_fingerprints), {"name": _REFRESH, "fingerprint": fingerprint})


def forget(connection: Connection) -> None:
    """Record that no keys were used yet: the next program's are the ones."""
    connection.execute(delete(key_fingerprints))
