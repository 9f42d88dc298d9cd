"""Which database it is, and getting it ready."""

from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.exc import ArgumentError

from tandem_backend.settings import BackendSettings
from tandem_backend.storage.database import Database
from tandem_backend.storage.migrate import Migrated, copy_sqlite, migrate
from tandem_backend.storage.postgres import PostgresDatabase, create_postgres_engine
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


def prepare_database(settings: BackendSettings) -> Migrated:
    """Create or migrate the database (ST1).

    Raises:
        StartError: It cannot be used; says why and what to do.
    """
    url = settings.database_url.get_secret_value()
    if url:
        if not url.startswith(("postgresql://", "postgres://")):
            raise StartError("DATABASE_URL must begin with postgresql://; without it Tandem uses SQLite")
        try:
            engine = create_postgres_engine(url)
        except (ArgumentError, ValueError) as error:
            raise StartError("DATABASE_URL cannot be read; it looks like postgresql://user:password@host/db") from error
        backup = None
    else:
        path = sqlite_path(settings)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartError(f"cannot make the data folder {path.parent}: {error.strerror or error}") from error
        engine = create_sqlite_engine(path, begin="BEGIN IMMEDIATE")
        backup = copy_sqlite(path)
    try:
        return migrate(engine, backup)
    finally:
        engine.dispose()


def open_database(settings: BackendSettings) -> Database:
    """Open the database, which `prepare_database` made ready."""
    url = settings.database_url.get_secret_value()
    return PostgresDatabase(url) if url else SqliteDatabase(sqlite_path(settings))
