"""The file of a backup: a SQLite database with all tables, and two tables that tell about the backup itself."""

import os
import sqlite3
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from tandem_backend.storage.contents import TableContents
from tandem_platform.server import StartError

_CONTENTS: Final = "backup_contents"
_KEYS: Final = "backup_keys"
_MAGIC: Final = b"SQLite format 3\0"


def seal(draft: Path, keys: Mapping[str, bytes]) -> None:
    """Make a database file a backup: one file without a log, with the checksums of its tables.

    Args:
        draft: The file; nothing else has it open.
        keys: Names and contents of key files to be kept with it.

    Raises:
        sqlite3.Error: It cannot be written.
    """
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("BEGIN IMMEDIATE")
        for table in (_CONTENTS, _KEYS):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute(f"CREATE TABLE {_KEYS} (name TEXT PRIMARY KEY, content BLOB NOT NULL)")
        connection.executemany(f"INSERT INTO {_KEYS} VALUES (?, ?)", sorted(keys.items()))  # noqa: S608 - a constant
        found = [(name, *contents.total) for name, contents in _contents(connection).items()]
        connection.execute(f"CREATE TABLE {_CONTENTS} (name TEXT PRIMARY KEY, rows INTEGER, checksum TEXT)")
        connection.executemany(f"INSERT INTO {_CONTENTS} VALUES (?, ?, ?)", found)  # noqa: S608 - a constant
        connection.execute("COMMIT")
    sync(draft)


def unseal(draft: Path, name: Path) -> dict[str, bytes]:
    """Check a copy of a backup, make it a plain database again, and return the keys that came with it.

    A file that SQLite's own means made from a database (``sqlite3 … .backup``) is good as well; of it only SQLite's
    own structure can be checked.

    Args:
        draft: The copy; it is changed.
        name: Of the backup, for messages.

    Raises:
        StartError: It is damaged, or no backup of Tandem.
    """
    with draft.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise StartError(f"{name} is not a backup of Tandem. Nothing was changed.")
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            _check(connection, name)
            tables = _tables(connection)
            query = f"SELECT name, content FROM {_KEYS}"  # noqa: S608 - a constant
            keys = dict(connection.execute(query)) if _KEYS in tables else {}
            for table in (_CONTENTS, _KEYS):
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            # What the keys' pages held is not left behind in the database.
            connection.execute("VACUUM")
    except sqlite3.Error as error:
        raise StartError(f"the backup {name} is damaged ({error}). Nothing was changed.") from error
    return {str(key): bytes(content) for key, content in keys.items()}


@contextmanager
def drafted(path: Path) -> Generator[Path]:
    """Yield a new empty file of mode 0600 beside a path, and delete what is left of it afterwards.

    Raises:
        OSError: It cannot be made.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    draft.touch(mode=0o600)
    try:
        yield draft
    finally:
        for leftover in (draft, *(Path(f"{draft}{suffix}") for suffix in ("-wal", "-shm", "-journal"))):
            leftover.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(connection: sqlite3.Connection, name: Path) -> None:
    verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise StartError(f"the backup {name} is damaged ({' '.join(verdict.split())}). Nothing was changed.")
    tables = _tables(connection)
    if "alembic_version" not in tables or "users" not in tables:
        raise StartError(f"{name} is not a backup of Tandem. Nothing was changed.")
    if connection.execute("PRAGMA foreign_key_check").fetchone():
        raise StartError(f"the backup {name} is damaged (rows refer to rows that are missing). Nothing was changed.")
    if _CONTENTS not in tables:
        return
    query = f"SELECT name, rows, checksum FROM {_CONTENTS}"  # noqa: S608 - a constant
    noted = {table: (rows, checksum) for table, rows, checksum in connection.execute(query)}
    found = {table: contents.total for table, contents in _contents(connection).items()}
    if noted != found:
        raise StartError(f"the backup {name} is damaged (its checksums are wrong). Nothing was changed.")


def _tables(connection: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name"
    return [row[0] for row in connection.execute(query)]


def _contents(connection: sqlite3.Connection) -> dict[str, TableContents]:
    """Return what each table but the list of contents holds, whatever revision it is of."""
    contents = {table: TableContents() for table in _tables(connection) if table != _CONTENTS}
    for table, found in contents.items():
        for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - a name from the database itself
            found.add(row)
    return contents
