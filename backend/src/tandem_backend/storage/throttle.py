"""The state of the limits on tries (AU2)."""

from typing import Final

from sqlalchemy import Connection, delete, select, text, update

from tandem_backend.storage.tables import throttle

_HOLD: Final = text(
    "INSERT INTO throttle (key, arrival) VALUES (:key, 0) "
    "ON CONFLICT (key) DO UPDATE SET arrival = throttle.arrival RETURNING arrival"
)
"""The same in both databases."""


def arrival(connection: Connection, key: str) -> float:
    """Return the state of a limit, 0 at first; holds the row until the transaction ends."""
    # Of tries that come at once each would else count as the first. In one statement, for between two of them
    # a sign-in that succeeded or the janitor may delete the row.
    return connection.execute(_HOLD, {"key": key}).scalar_one()


def keep(connection: Connection, key: str, state: float) -> None:
    """Write the state of a limit whose row `arrival` holds."""
    connection.execute(update(throttle).where(throttle.c.key == key).values(arrival=state))


def clear(connection: Connection, key: str) -> None:
    """Give a limit its full burst again."""
    connection.execute(delete(throttle).where(throttle.c.key == key))


def purge(connection: Connection, now: float, limit: int) -> int:
    """Forget at most ``limit`` of the limits that are full again, and return how many there were."""
    # What a try holds is about to change: it is not full, whatever it was when this looked.
    full = select(throttle.c.key).where(throttle.c.arrival < now).limit(limit).with_for_update(skip_locked=True)
    return connection.execute(delete(throttle).where(throttle.c.key.in_(full))).rowcount
