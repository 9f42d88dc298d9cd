"""Copying all tables from one database into another, whichever the two are (ST4)."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, func, insert, select, text

from tandem_backend.storage.contents import TableContents
from tandem_backend.storage.tables import metadata, users
from tandem_platform.server import StartError

_BATCH: Final = 1_000

Progress = Callable[[str, int], None]
"""Told a table and how many of its rows were copied so far; at least once a table, and every 10,000 rows."""
_PROGRESS_ROWS: Final = 10_000


def copy_tables(source: Connection, target: Connection, progress: Progress) -> None:
    """Copy every table as it is, ids included, and compare the two afterwards.

    Args:
        source: Inside a transaction that sees one snapshot.
        target: Inside a transaction, at the same revision, with empty tables. Commit it when this returns.
        progress: Told how far it is.

    Raises:
        StartError: The target cannot hold a value, or does not hold afterwards what the source does.
    """
    for table in metadata.sorted_tables:
        copied = _copy(table, source, target, progress)
        found = TableContents()
        for row in _rows(table, target):
            found.add(row)
        if found.total != copied.total:
            raise StartError(
                f"the copy of the table {table.name} is not equal ({found.rows} of {copied.rows} rows): it was undone"
            )
    if target.dialect.name == "postgresql":
        _advance_sequences(target)


def empty_tables(target: Connection) -> None:
    """Delete every row of every table."""
    if target.dialect.name == "postgresql":
        target.execute(text(f"TRUNCATE {_names()} RESTART IDENTITY"))
        return
    for table in reversed(metadata.sorted_tables):
        target.execute(table.delete())


def has_accounts(connection: Connection) -> bool:
    """Return whether anybody has an account in a database."""
    return connection.execute(select(users.c.id).limit(1)).first() is not None


def take_for_itself(connection: Connection) -> None:
    """Lock all tables of a PostgreSQL database until the transaction ends.

    Raises:
        StartError: Some other program is connected.
    """
    others = connection.execute(
        text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
    ).scalar_one()
    if others:
        raise StartError(f"{others} other connection(s) to the PostgreSQL database are open: stop what uses it first")
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    connection.execute(text(f"LOCK TABLE {_names()} IN ACCESS EXCLUSIVE MODE"))


def _copy(table: Table, source: Connection, target: Connection, progress: Progress) -> TableContents:
    contents = TableContents()
    batch: list[dict[str, Any]] = []
    for row in _rows(table, source):
        contents.add(row)
        batch.append(_storable(table, row, target))
        if len(batch) == _BATCH:
            target.execute(insert(table), batch)
            batch.clear()
        if contents.rows % _PROGRESS_ROWS == 0:
            progress(table.name, contents.rows)
    if batch:
        target.execute(insert(table), batch)
    progress(table.name, contents.rows)
    return contents


def _rows(table: Table, connection: Connection) -> Iterator[Row[Any]]:
    """Yield all rows without holding them."""
    yield from connection.execute(select(table), execution_options={"yield_per": _BATCH})


def _storable(table: Table, row: Row[Any], target: Connection) -> dict[str, Any]:
    values = dict(zip(table.c.keys(), row, strict=True))
    if target.dialect.name == "postgresql":
        for column, value in values.items():
            if isinstance(value, str) and "\0" in value:
                key = ", ".join(str(values[part.name]) for part in table.primary_key)
                raise StartError(
                    f"PostgreSQL cannot hold the character NUL, which is in {table.name}.{column} of {key!r}. "
                    "Change that text first. Nothing was copied."
                )
    return values


def _advance_sequences(target: Connection) -> None:
    """Have PostgreSQL give out ids past the highest one."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        highest: int | None = target.execute(select(func.max(column))).scalar()
        target.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest, :used)"),
            {"table": table.name, "column": column.name, "highest": highest or 1, "used": highest is not None},
        )


def _names() -> str:
    return ", ".join(table.name for table in metadata.sorted_tables)
