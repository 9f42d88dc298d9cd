"""Which database it is, and getting it ready."""

from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError

from tandem_backend.settings import BackendSettings
from tandem_backend.storage.database import Database
from tandem_backend.storage.leadership import AlwaysLeader, Leadership
from tandem_backend.storage.migrate import Migrated, copy_sqlite, migrate, require_newest
from tandem_backend.storage.postgres import PostgresDatabase, create_postgres_engine
from tandem_backend.storage.postgres_leadership import PostgresLeadership
from tandem_backend.storage.sqlite import SqliteDatabase, create_sqlite_engine
from tandem_platform.server import StartError


def sqlite_path(settings: BackendSettings) -> Path:
    """Return where the SQLite file is."""
    return settings.data_dir / "tandem.db"


def describe_database(settings: BackendSettings) -> str:
    """Return which database it is, for people: a file, or a server without its password."""
    url = settings.database_url.get_secret_value()
    if not url:
        return str(sqlite_path(settings).resolve())
    parts = urlsplit(url)
    return f"PostgreSQL {parts.path.lstrip('/')} on {parts.hostname or 'this machine'}"


def refuse_missing_database(settings: BackendSettings) -> None:
    """Refuse to begin anew where keys show that there were accounts before: a wrong path must not look empty.

    Raises:
        StartError: There are keys and no database.
    """
    keys, database = settings.keys_folder, sqlite_path(settings)
    if settings.database_url.get_secret_value() or database.exists():
        return
    if any(keys.glob("*.pem")):
        raise StartError(
            f"there are keys in {keys} but no {database}: the database was moved or lost. Put it back, or, "
            f"to begin anew, delete {keys}."
        )


def prepare_database(settings: BackendSettings) -> Migrated:
    """Create or migrate the database (ST1).

    Raises:
        StartError: It cannot be used; says why and what to do.
    """
    engine = create_database_engine(settings)
    backup = None if settings.database_url.get_secret_value() else copy_sqlite(sqlite_path(settings))
    try:
        return migrate(engine, backup)
    finally:
        engine.dispose()


def check_database(settings: BackendSettings) -> None:
    """Refuse a database that is not ready for this program, and change nothing.

    Raises:
        StartError: It cannot be used; says why and what to do.
    """
    engine = create_database_engine(settings)
    try:
        require_newest(engine)
    finally:
        engine.dispose()


def open_database(settings: BackendSettings) -> Database:
    """Open the database, which `prepare_database` made ready."""
    url = settings.database_url.get_secret_value()
    return PostgresDatabase(url) if url else SqliteDatabase(sqlite_path(settings))


def open_leadership(settings: BackendSettings) -> Leadership:
    """Return what decides which of the backends on the database publishes its events (EV8)."""
    url = settings.database_url.get_secret_value()
    return PostgresLeadership(url) if url else AlwaysLeader()


def create_database_engine(settings: BackendSettings) -> Engine:
    """Return an engine with one connection, whose transactions are for writing.

    Raises:
        StartError: The URL or the data folder cannot be used.
    """
    url = settings.database_url.get_secret_value()
    if not url:
        path = sqlite_path(settings)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartError(f"cannot make the data folder {path.parent}: {error.strerror or error}") from error
        return create_sqlite_engine(path, begin="BEGIN IMMEDIATE")
    if not url.startswith(("postgresql://", "postgres://")):
        raise StartError("DATABASE_URL must begin with postgresql://; without it Tandem uses SQLite")
    try:
        return create_postgres_engine(url)
    except (ArgumentError, ValueError) as error:
        raise StartError("DATABASE_URL cannot be read; it looks like postgresql://user:password@host/db") from error
