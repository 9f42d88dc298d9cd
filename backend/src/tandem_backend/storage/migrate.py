"""Bringing a database to the present schema (ST1, ST2)."""

import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from tandem_platform.server import StartError

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_MIGRATION_LOCK: Final = 0x7461_6E64
"""The name of the advisory lock: "tand" in ASCII."""


class Migrated(NamedTuple):
    """From which revision to which; ``before`` is None for a new database. ``backup`` is the copy that was made."""

    before: str | None
    after: str
    backup: Path | None

    @property
    def changed(self) -> bool:
        """Whether there was anything to do."""
        return self.before != self.after


def migrate(engine: Engine, backup: Callable[[str], Path] | None = None, scripts: Path = _SCRIPTS) -> Migrated:
    """Bring the database to the newest revision.

    Args:
        engine: Of the database.
        backup: Copies the database before the first change and returns where to; gets the revision it had.
        scripts: The folder of the migrations.

    Raises:
        StartError: The database is newer than this program, locked, or out of reach, or a migration failed.
    """
    copies: list[Path] = []
    try:
        with engine.connect() as connection, _alone(connection):
            return _migrate(connection, scripts, backup, copies)
    except StartError:
        raise
    except DBAPIError as error:
        raise StartError(f"the database cannot be used: {_line(error.orig)}.{_place(copies)}") from error
    except Exception as error:
        # A mistake in a migration: its operator still has to learn that nothing is lost, and where the copy is.
        raise StartError(f"the migration failed ({error!r}) and was undone.{_place(copies)}") from error


def _migrate(
    connection: Connection, scripts: Path, backup: Callable[[str], Path] | None, copies: list[Path]
) -> Migrated:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    directory = ScriptDirectory.from_config(config)
    newest = directory.get_current_head() or ""
    present = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    if present is not None and not _known(directory, present):
        raise StartError(
            f"the database is at revision {present}, which this version of Tandem does not know: "
            "it was written by a newer version. Start that one, or restore a backup. Nothing was changed."
        )
    if present == newest:
        return Migrated(present, newest, None)
    if present is not None and backup is not None:
        copies.append(backup(present))
    _upgrade(connection, config)
    return Migrated(present, newest, copies[0] if copies else None)


@contextmanager
def _alone(connection: Connection) -> Generator[None]:
    """Let one process migrate at a time. SQLite's file has its lock already (ST3)."""
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
        connection.commit()


def require_newest(engine: Engine) -> None:
    """Refuse a database that `migrate` would have something to do to.

    Raises:
        StartError: It is older or newer than this program, or cannot be used.
    """
    newest = ScriptDirectory(str(_SCRIPTS)).get_current_head()
    try:
        with engine.connect() as connection:
            present = MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        raise StartError(f"the database cannot be used: {_line(error.orig)}") from error
    if present != newest:
        raise StartError(f"the database is at revision {present}, not {newest}: start this version of Tandem first")


def copy_sqlite(path: Path) -> Callable[[str], Path]:
    """Return a function that copies a SQLite file beside itself, as `migrate` wants it.

    The copy is made by SQLite, so what is still in the write-ahead log is in it.
    """

    def copy(present: str) -> Path:
        target = path.with_name(f"{path.name}.before-{present}")
        number = 1
        while target.exists():
            number += 1
            target = path.with_name(f"{path.name}.before-{present}.{number}")
        # Under another name until it is whole: half a copy must not look like a backup.
        draft = target.with_name(f"{target.name}.part")
        try:
            draft.touch(mode=0o600)
            with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(draft)) as copied:
                source.backup(copied)
            draft.replace(target)
        except (sqlite3.Error, OSError) as error:
            for leftover in path.parent.glob(f"{draft.name}*"):
                leftover.unlink()
            raise StartError(f"cannot copy the database before the migration: {error}. Nothing was changed.") from error
        return target

    return copy


def _line(error: object) -> str:
    """Return a database's message, which may have several lines, as one."""
    return " ".join(str(error).split()).rstrip(".")


def _place(copies: list[Path]) -> str:
    return f" The copy from before is {copies[0]}." if copies else ""


def _known(directory: ScriptDirectory, present: str) -> bool:
    try:
        directory.get_revision(present)
    except CommandError:
        return False
    return True


def _upgrade(connection: Connection, config: Config) -> None:
    if connection.dialect.name == "sqlite":
        # SQLite changes a column by building the table anew and dropping the old one, and the drop would delete what
        # refers to its rows. Past SQLAlchemy, which would begin the transaction in which this has no effect; the
        # connection is closed after the migration.
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()
