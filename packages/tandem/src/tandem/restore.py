"""`tandem restore`: putting a backup back, into either database (ST6)."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError

from tandem.backup import read_keys
from tandem.maintenance import new_id
from tandem.migration import database_line, fill, refuse_accounts
from tandem.settings import EmbeddedSettings
from tandem_backend.storage import backup_file, key_fingerprints, spaces
from tandem_backend.storage.locate import create_database_engine, prepare_database, sqlite_path
from tandem_backend.storage.migrate import migrate
from tandem_backend.storage.sqlite import create_sqlite_engine
from tandem_backend.storage.tables import outbox
from tandem_backend.storage.transfer import Progress
from tandem_platform.data_folder import locked
from tandem_platform.server import StartError

_LOGS: Final = ("-wal", "-shm")


def restore(settings: EmbeddedSettings, path: Path, progress: Progress, *, replace: bool) -> list[Path]:
    """Put a backup in place of the database.

    Every space gets a new epoch, so clients read everything anew and keep their unsent edits (SP5). The outbox is
    emptied: its events are of histories that are over, and to clients they would be gaps. Sessions stay as they were.

    Args:
        settings: Of the installation; Tandem must not be running.
        path: The backup.
        progress: Told how far it is, for PostgreSQL.
        replace: Whether a database with accounts, or keys, may be replaced.

    Returns:
        Where the file, and the keys, from before are now; those in PostgreSQL are gone.

    Raises:
        StartError: The backup is damaged or newer, Tandem is running, or there is something to lose.
    """
    if not path.is_file():
        raise StartError(f"there is no backup {path}")
    if Path(f"{path}-wal").exists():
        raise StartError(f"{path} has a -wal file beside it: it is a database in use, or half of a copy, not a backup")
    with locked(settings.data_dir), ExitStack() as stack:
        try:
            draft = stack.enter_context(backup_file.drafted(sqlite_path(settings).with_suffix(".restored")))
            shutil.copyfile(path, draft)
            keys = backup_file.unseal(draft, path)
            _begin_anew(draft)
            place_keys = _keys_to_place(settings, keys, replace=replace)
            if settings.database_url.get_secret_value():
                _into_postgres(settings, draft, progress, replace=replace)
                return place_keys()
            database = sqlite_path(settings)
            _refuse_accounts_in(database, replace=replace)
            return [*place_keys(), *_place(draft, database)]
        except DBAPIError as error:
            raise StartError(f"the restore failed and was undone: {database_line(error)}") from error
        except (sqlite3.Error, OSError) as error:
            raise StartError(f"cannot restore {path}: {getattr(error, 'strerror', None) or error}") from error


def _begin_anew(draft: Path) -> None:
    """Bring the database to this version, and its history to an end."""
    engine = create_sqlite_engine(draft, begin="BEGIN IMMEDIATE")
    try:
        migrate(engine)
        with engine.begin() as connection:
            spaces.rotate_epochs(connection, new_id)
            connection.execute(delete(outbox))
            # A backup may come without its keys: what is found at the next start is what it is used with.
            key_fingerprints.forget(connection)
    finally:
        engine.dispose()
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    backup_file.sync(draft)


def _into_postgres(settings: EmbeddedSettings, draft: Path, progress: Progress, *, replace: bool) -> None:
    if not replace:
        refuse_accounts(settings)
    prepare_database(settings)
    source, target = create_sqlite_engine(draft, begin="BEGIN"), create_database_engine(settings)
    try:
        with source.begin() as reading, target.begin() as writing:
            fill(reading, writing, progress, replace=replace)
    finally:
        source.dispose()
        target.dispose()


def _refuse_accounts_in(database: Path, *, replace: bool) -> None:
    if replace or not database.exists():
        return
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        try:
            found = connection.execute("SELECT 1 FROM users LIMIT 1").fetchone()
        except sqlite3.Error as error:
            raise StartError(f"{database} cannot be read ({error}); --replace puts the backup in its place") from error
    if found:
        raise StartError(f"{database} has accounts; with --replace it is kept under another name and replaced")


def _place(draft: Path, database: Path) -> list[Path]:
    kept = _free(database.with_name(f"{database.name}.before-restore"))
    found = database.exists()
    # The log first: beside the wrong database it would be taken for that one's. It goes where SQLite looks for it.
    for suffix in (*_LOGS, ""):
        if (part := Path(f"{database}{suffix}")).exists():
            part.replace(f"{kept}{suffix}")
    draft.replace(database)
    backup_file.sync(database.parent)
    return [kept] if found else []


def _keys_to_place(settings: EmbeddedSettings, keys: dict[str, bytes], *, replace: bool) -> Callable[[], list[Path]]:
    """Return what puts the backup's keys in place and returns where those from before are; refuses before anything."""
    folder = settings.keys_folder
    present = read_keys(settings)
    if not keys or keys == present:
        return list
    if present and not replace:
        raise StartError(f"the backup has other keys than {folder}; with --replace those are kept under another name")
    if folder.is_mount() or (folder.exists() and not os.access(folder.parent, os.W_OK)):
        raise StartError(f"the backup has other keys than {folder}, which cannot be replaced; set TANDEM_KEYS_DIR")

    def place() -> list[Path]:
        fresh = _free(folder.with_name("keys.restored"))
        fresh.mkdir(mode=0o700, parents=True)
        for name, content in keys.items():
            descriptor = os.open(fresh / Path(name).name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
        kept = [_free(folder.with_name("keys.before-restore"))] if folder.exists() else []
        for place in kept:
            folder.replace(place)
        fresh.replace(folder)
        return kept

    return place


def _free(path: Path) -> Path:
    """Return the path, or with a number if it is taken."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free
