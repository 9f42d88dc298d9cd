"""`tandem migrate-to`: from the SQLite file of one process to PostgreSQL, which many can share (ST4)."""

from pydantic import SecretStr
from sqlalchemy import Connection, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from tandem.maintenance import require_database
from tandem.settings import EmbeddedSettings
from tandem_backend.storage import transfer
from tandem_backend.storage.locate import check_database, create_database_engine, prepare_database
from tandem_backend.storage.transfer import Progress
from tandem_platform.data_folder import locked
from tandem_platform.server import StartError


def migrate_to(settings: EmbeddedSettings, url: str, progress: Progress) -> None:
    """Copy the SQLite database into an empty PostgreSQL database, in one transaction.

    The source is not changed. Cursors, sessions and idempotency answers stay good, for every row stays as it is.

    Args:
        settings: Of the SQLite installation.
        url: ``postgresql://…`` of the target.
        progress: Told how far it is.

    Raises:
        StartError: Tandem is running, a database is not as it has to be, or the copy failed and was undone.
    """
    if settings.database_url.get_secret_value():
        raise StartError("DATABASE_URL is set, so this Tandem does not use SQLite; unset it for this command")
    if not url.startswith(("postgresql://", "postgres://")):
        raise StartError("the target must begin with postgresql://")
    require_database(settings)
    target = settings.model_copy(update={"database_url": SecretStr(url)})
    with locked(settings.data_dir):
        check_database(settings)
        refuse_accounts(target)
        prepare_database(target)
        source_engine, target_engine = create_database_engine(settings), create_database_engine(target)
        try:
            with source_engine.begin() as reading, target_engine.begin() as writing:
                fill(reading, writing, progress, replace=False)
        except DBAPIError as error:
            raise StartError(f"the copy failed and was undone: {database_line(error)}") from error
        finally:
            source_engine.dispose()
            target_engine.dispose()


def refuse_accounts(target: EmbeddedSettings) -> None:
    """Refuse a PostgreSQL database with accounts, before it is migrated for their sake.

    Raises:
        StartError: It has some, or cannot be reached.
    """
    engine = create_database_engine(target)
    try:
        with engine.connect() as connection:
            if inspect(connection).has_table("users") and transfer.has_accounts(connection):
                raise StartError("the PostgreSQL database has accounts already. Nothing was changed.")
    except DBAPIError as error:
        raise StartError(f"the database cannot be used: {database_line(error)}") from error
    finally:
        engine.dispose()


def fill(reading: Connection, writing: Connection, progress: Progress, *, replace: bool) -> None:
    """Put everything that a database holds into a PostgreSQL database, in the transactions of the two.

    Args:
        reading: The source.
        writing: The target.
        progress: Told how far it is.
        replace: Whether accounts that are there may be deleted.

    Raises:
        StartError: The target is in use or not empty, or the copy is not equal.
    """
    transfer.take_for_itself(writing)
    if transfer.has_accounts(writing) and not replace:
        raise StartError("the PostgreSQL database has accounts by now. Nothing was changed.")
    # What a Tandem without accounts left there, like its throttled tries, goes.
    transfer.empty_tables(writing)
    transfer.copy_tables(reading, writing, progress)


def shown_url(url: str) -> str:
    """Return a database's URL with its password blacked out, wherever in it that is."""
    parsed = make_url(url)
    query = {name: "***" if name == "password" else value for name, value in parsed.query.items()}
    return parsed.set(query=query).render_as_string(hide_password=True)


def database_line(error: DBAPIError) -> str:
    """Return what a database said, as one line."""
    return " ".join(str(error.orig).split())
