"""What a table holds, as a number: to know that a copy is equal without holding either in memory."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

_SIZE: Final = 1 << 256


class TableContents:
    """Counts rows and sums up their hashes. Databases sort texts differently, so the order of the rows is no matter."""

    def __init__(self) -> None:
        """Begin with an empty table."""
        self.rows = 0
        self._sum = 0

    @property
    def total(self) -> tuple[int, str]:
        """Return the number of rows so far, and their checksum."""
        return self.rows, f"{self._sum:064x}"

    def add(self, row: Sequence[Any]) -> None:
        """Take a row in."""
        self.rows += 1
        digest = hashlib.sha256(repr(tuple(row)).encode()).digest()
        self._sum = (self._sum + int.from_bytes(digest)) % _SIZE
