"""The state of the limits on tries (AU2)."""

from sqlalchemy import Connection, delete, insert, select, update

from tandem_backend.storage.tables import throttle


def arrival(connection: Connection, key: str) -> float:
    """Return the state of a limit, 0 at first; holds the row."""
    row = connection.execute(select(throttle.c.arrival).where(throttle.c.key == key).with_for_update()).scalar()
    return row or 0.0


def keep(connection: Connection, key: str, state: float) -> None:
    """Write the state of a limit."""
    if connection.execute(update(throttle).where(throttle.c.key == key).values(arrival=state)).rowcount == 0:
        connection.execute(insert(throttle).values(key=key, arrival=state))


def clear(connection: Connection, key: str) -> None:
    """Give a limit its full burst again."""
    connection.execute(delete(throttle).where(throttle.c.key == key))


def purge(connection: Connection, now: float) -> None:
    """Forget the limits that are full again."""
    connection.execute(delete(throttle).where(throttle.c.arrival < now))
