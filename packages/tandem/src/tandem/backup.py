"""`tandem backup`: one file with everything, from either database, while Tandem runs (ST5)."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from tandem.maintenance import require_database
from tandem.migration import database_line
from tandem.settings import EmbeddedSettings
from tandem_backend.storage import backup_file, transfer
from tandem_backend.storage.locate import check_database, create_database_engine, sqlite_path
from tandem_backend.storage.migrate import migrate
from tandem_backend.storage.sqlite import create_sqlite_engine
from tandem_platform.server import StartError


def backup(settings: EmbeddedSettings, path: Path, *, with_keys: bool) -> None:
    """Write a backup, which is there whole or not at all, with mode 0600.

    Args:
        settings: Of the installation; its database may be in use.
        path: The new file.
        with_keys: Whether the keys go into it as well. Who has them can sign in as anybody.

    Raises:
        StartError: There is nothing to keep, the file exists, or it cannot be written.
    """
    require_database(settings)
    if path.exists():
        raise StartError(f"{path} exists already: choose another name")
    try:
        with backup_file.drafted(path) as draft:
            if settings.database_url.get_secret_value():
                _from_postgres(settings, draft)
            else:
                _from_sqlite(sqlite_path(settings), draft)
            backup_file.seal(draft, read_keys(settings) if with_keys else {})
            # Not renamed, which would replace what came to this place meanwhile.
            os.link(draft, path)
            backup_file.sync(path.parent)
    except DBAPIError as error:
        raise StartError(f"cannot make the backup: {database_line(error)}") from error
    except (sqlite3.Error, OSError) as error:
        raise StartError(f"cannot make the backup {path}: {getattr(error, 'strerror', None) or error}") from error


def read_keys(settings: EmbeddedSettings) -> dict[str, bytes]:
    """Return the files of the keys by name.

    Raises:
        OSError: One cannot be read.
    """
    folder = settings.keys_folder
    files = (*folder.glob("signing-*.pem"), *folder.glob("refresh.key"))
    return {path.name: path.read_bytes() for path in files}


def _from_sqlite(path: Path, draft: Path) -> None:
    """Copy a file that may be in use; SQLite sees to it that the copy is one moment's."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source:
        if not source.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            raise StartError(f"{path} is not a database of Tandem")
        with closing(sqlite3.connect(draft)) as copied:
            source.backup(copied)


def _from_postgres(settings: EmbeddedSettings, draft: Path) -> None:
    check_database(settings)
    source = create_database_engine(settings)
    target = create_sqlite_engine(draft, begin="BEGIN IMMEDIATE")
    try:
        migrate(target)
        snapshot = source.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with snapshot.begin() as reading, target.begin() as writing:
            transfer.copy_tables(reading, writing, lambda _table, _rows: None)
    finally:
        source.dispose()
        target.dispose()
