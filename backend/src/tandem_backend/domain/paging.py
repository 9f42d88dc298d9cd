"""Where a reader of the change feed goes on (FD2, FD3): pure decisions about cursors."""

from typing import NamedTuple

from tandem_protocol.feed import SpaceCursor


class Start(NamedTuple):
    """Where reading a space begins: after ``seq``; ``reset`` when the reader's copy is to be dropped."""

    seq: int
    floor: int
    reset: bool


def start(cursor: SpaceCursor | None, *, epoch: str, head: int, min_seq: int) -> Start:
    """Return where to read on.

    Args:
        cursor: How far the reader says it has read this space, if at all.
        epoch: The space's history.
        head: Its last change.
        min_seq: The highest change whose tombstone was purged.
    """
    good = (
        cursor is not None and cursor.epoch == epoch and cursor.seq <= head and min_seq <= max(cursor.seq, cursor.floor)
    )
    if cursor is None or not good:
        return Start(0, head, reset=True)
    return Start(cursor.seq, cursor.floor, reset=False)


def after(begun: Start, *, epoch: str, through: int) -> SpaceCursor:
    """Return the cursor of a reader that began at ``begun`` and has now read up to ``through``."""
    return SpaceCursor(epoch, through, max(begun.floor, through))
