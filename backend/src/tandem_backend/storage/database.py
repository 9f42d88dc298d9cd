"""The database port."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

Operation = Callable[[Connection], T]
"""A plain synchronous function over a connection inside a transaction that the caller opened.

It may run more than once (PostgreSQL repeats what lost a race), so it does nothing but read and write the database.
"""


class StorageUnavailableError(Exception):
    """The database cannot be used at the moment; the text says whether anything was changed."""


class StorageFullError(Exception):
    """The disk is full; nothing was changed."""


class Database(Protocol):
    """Runs operations in transactions, off the event loop."""

    async def write(self, operation: Operation[T]) -> T:
        """Run ``operation`` in a transaction of its own and return its result once that is durable (WR6).

        Raises:
            StorageUnavailableError: The database cannot be reached, or is locked.
            StorageFullError: There is no room on its disk.
            Exception: Whatever the operation raised; its changes are undone.
        """
        ...

    async def read(self, operation: Operation[T]) -> T:
        """Run ``operation`` on one snapshot (FD2) and return its result.

        Raises:
            StorageUnavailableError: The database cannot be reached.
            Exception: Whatever the operation raised.
        """
        ...

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called on the event loop after each commit of a write."""
        ...

    async def close(self) -> None:
        """Finish the writes that were begun and let go of the connections."""
        ...
