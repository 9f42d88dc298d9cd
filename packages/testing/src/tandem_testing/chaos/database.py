"""What is in the database, read by plain SQL and not by Tandem's own code."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

Query = Callable[[bytes], Sequence[Sequence[Any]]]
"""Runs a statement and returns the rows."""

_TASKS: Final = (
    b"SELECT space_id, id, seq, title, description, priority, completed, completed_at, due_date, due_at, due_zone,"
    b" created_at, updated_at, deleted_at FROM tasks"
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a task says, in one form for rows, answers and clients; moments are milliseconds since 1970."""

    title: str
    description: str
    priority: str
    completed: bool
    due: tuple[str, ...] | None
    created_at: int
    updated_at: int
    completed_at: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """A task in the database."""

    space: str
    id: str
    seq: int
    deleted: bool
    content: Content


@dataclass(frozen=True, slots=True)
class SpaceRow:
    """A space in the database."""

    id: str
    epoch: str
    head: int
    user: str


@dataclass(frozen=True, slots=True)
class Database:
    """All that the checker reads of the database."""

    tasks: Sequence[Row]
    spaces: Sequence[SpaceRow]
    unpublished: int
    """Events in the outbox."""


def read_database(query: Query) -> Database:
    """Read it."""
    return Database(
        [_row(*row) for row in query(_TASKS)], read_spaces(query), query(b"SELECT count(*) FROM outbox")[0][0]
    )


def read_spaces(query: Query) -> list[SpaceRow]:
    """Read where each space stands."""
    return [SpaceRow(*row) for row in query(b"SELECT id, epoch, head, owner_id FROM spaces")]


def count_unpublished(query: Query) -> int:
    """Return how many events are in the outbox."""
    return int(query(b"SELECT count(*) FROM outbox")[0][0])


def sqlite_query(path: Path) -> Query:
    """Return the way to query a SQLite file."""

    def query(statement: bytes) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(statement.decode()).fetchall()

    return query


def postgres_query(url: str) -> Query:
    """Return the way to query a PostgreSQL database."""

    def query(statement: bytes) -> list[tuple[Any, ...]]:
        with psycopg.connect(url) as connection:
            return connection.execute(statement).fetchall()

    return query


def _row(  # noqa: PLR0913, PLR0917 - the columns
    space: str,
    task: str,
    seq: int,
    title: str,
    description: str,
    priority: str,
    completed: int,
    completed_at: int | None,
    due_date: Any,
    due_at: int | None,
    due_zone: str | None,
    created_at: int,
    updated_at: int,
    deleted_at: int | None,
) -> Row:
    day = None if due_date is None else ("day", str(due_date))
    due = day if due_at is None else ("instant", str(due_at), str(due_zone))
    content = Content(title, description, priority, bool(completed), due, created_at, updated_at, completed_at)
    return Row(space, task, seq, deleted_at is not None, content)
