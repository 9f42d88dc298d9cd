"""The state of the limits on tries (AU2)."""

from typing import Final

from sqlalchemy import Connection, delete, select, text, update

from tandem_backend.storage.tables import throttle

_MAKE: Final = text("INSERT INTO throttle (key, arrival) VALUES (:key, 0) ON CONFLICT DO NOTHING")
"""The same in both databases."""


def arrival(connection: Connection, key: str) -> float:
    """Return the state of a limit, 0 at first; holds the row until the transaction ends."""
    # Made first where there is none: of tries that come at once, each would count as the first.
    connection.execute(_MAKE, {"key": key})
    return connection.execute(select(throttle.c.arrival).where(throttle.c.key == key).with_for_update()).scalar_one()


def keep(connection: Connection, key: str, state: float) -> None:
    """Write the state of a limit whose row `arrival` holds."""
    connection.execute(update(throttle).where(throttle.c.key == key).values(arrival=state))


def clear(connection: Connection, key: str) -> None:
    """Give a limit its full burst again."""
    connection.execute(delete(throttle).where(throttle.c.key == key))


def purge(connection: Connection, now: float, limit: int) -> int:
    """Forget at most ``limit`` of the limits that are full again, and return how many there were."""
    full = select(throttle.c.key).where(throttle.c.arrival < now).limit(limit)
    return connection.execute(delete(throttle).where(throttle.c.key.in_(full))).rowcount
