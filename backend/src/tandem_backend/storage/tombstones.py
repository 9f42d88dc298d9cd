"""Purging tombstones (SP4)."""

from sqlalchemy import Connection, delete, func, select, update

from tandem_backend.storage.tables import spaces, tasks


def purge(connection: Connection, before: int) -> None:
    """Remove the tombstones of deletions before a moment, and raise each space's ``min_seq`` with it.

    Args:
        connection: Inside a write transaction.
        before: Milliseconds since 1970.
    """
    gone = tasks.c.deleted_at < before
    highest = connection.execute(
        select(tasks.c.space_id, func.max(tasks.c.seq))
        .where(gone)
        .group_by(tasks.c.space_id)
        .order_by(tasks.c.space_id)
    ).all()
    for space, seq in highest:
        # First the task, then its space, as every command does: in the other order a restore would meet a deadlock.
        # The bound on seq leaves a tombstone alone that came since the query above.
        connection.execute(delete(tasks).where(tasks.c.space_id == space, gone, tasks.c.seq <= seq))
        connection.execute(update(spaces).where(spaces.c.id == space, spaces.c.min_seq < seq).values(min_seq=seq))
