"""Purging tombstones (SP4)."""

from itertools import groupby

from sqlalchemy import Connection, delete, select, update

from tandem_backend.storage.tables import spaces, tasks


def purge(connection: Connection, before: int, limit: int) -> int:
    """Remove tombstones of deletions before a moment, and raise each space's ``min_seq`` with it.

    Args:
        connection: Inside a write transaction.
        before: Milliseconds since 1970.
        limit: The most to remove.

    Returns:
        How many were removed.
    """
    oldest = connection.execute(
        select(tasks.c.space_id, tasks.c.id, tasks.c.seq)
        .where(tasks.c.deleted_at < before)
        .order_by(tasks.c.space_id, tasks.c.seq)
        .limit(limit)
    ).all()
    removed = 0
    for space, rows in groupby(oldest, key=lambda row: row.space_id):
        seqs = {row.id: row.seq for row in rows}
        highest = max(seqs.values())
        # The comparison of seq leaves a task alone that was restored since the query above.
        gone = delete(tasks).where(tasks.c.space_id == space, tasks.c.id.in_(seqs), tasks.c.seq <= highest)
        # First the tasks, then their space, as every command does: in the other order a restore would meet a deadlock.
        removed += connection.execute(gone).rowcount
        raised = update(spaces).where(spaces.c.id == space, spaces.c.min_seq < highest).values(min_seq=highest)
        connection.execute(raised)
    return removed
