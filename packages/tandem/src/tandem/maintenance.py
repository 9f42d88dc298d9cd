"""What an operator does to a Tandem that is not running."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from tandem.settings import EmbeddedSettings
from tandem_backend.services import database_keys
from tandem_backend.services.accounts import account_key
from tandem_backend.services.passwords import Passwords
from tandem_backend.services.sessions import end_all_of
from tandem_backend.services.signing_keys import add_signing_key, load_keys
from tandem_backend.storage import spaces, throttle, users
from tandem_backend.storage.locate import check_database, open_database, prepare_database, sqlite_path
from tandem_platform.clock import Clock
from tandem_platform.data_folder import locked
from tandem_platform.server import StartError
from tandem_protocol.accounts import normalise_email
from tandem_protocol.ids import uuid7

T = TypeVar("T")


def rotate_epoch(settings: EmbeddedSettings) -> int:
    """Give every space a new epoch (SP5) and return how many there are.

    Raises:
        StartError: Tandem is running, or there is no database.
    """
    return _write(settings, lambda connection: spaces.rotate_epochs(connection, new_id))


def rotate_keys(settings: EmbeddedSettings) -> str:
    """Make a new signing key and return its name (AU3).

    Raises:
        StartError: Tandem is running, or the folder cannot be written.
    """
    kid = new_id()
    with locked(settings.data_dir):
        try:
            settings.keys_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            add_signing_key(settings.keys_folder, kid)
        except OSError as error:
            raise StartError(f"cannot write the key: {error.strerror or error}") from error
    return kid


def make_keys(folder: Path) -> str:
    """Make the keys that are missing in a folder, for backends that are to share them, and return the fingerprint.

    Raises:
        StartError: The folder cannot be written, or holds something else.
    """
    return load_keys(folder, new_id).fingerprint


def adopt_keys(settings: EmbeddedSettings) -> str:
    """Use the database with the keys that are there, made anew if they are missing, and return their fingerprint (ST7).

    Raises:
        StartError: Tandem is running, there is no database, or the keys cannot be used.
    """
    require_database(settings)
    with locked(settings.data_dir):
        prepare_database(settings)
        return database_keys.adopt_keys(settings, new_id).fingerprint


def reset_password(settings: EmbeddedSettings, email: str, password: str) -> None:
    """Set an account's password, end its sessions, and let it be tried again; Tandem may be running.

    Raises:
        StartError: There is no such account, or the database is not of this version.
    """
    encoded = asyncio.run(Passwords().hash(password))

    def operation(connection: Connection) -> None:
        user = users.by_email(connection, normalise_email(email.strip()))
        if user is None:
            raise StartError(f"there is no account with the address {email}")
        users.set_password(connection, user.id, encoded)
        throttle.clear(connection, account_key(user.email))
        end_all_of(connection, user.id, event_id=new_id(), now=_now())

    require_database(settings)
    check_database(settings)
    _run(settings, operation)


def _write(settings: EmbeddedSettings, operation: Callable[[Connection], T]) -> T:
    require_database(settings)
    with locked(settings.data_dir):
        prepare_database(settings)
        return _run(settings, operation)


def require_database(settings: EmbeddedSettings) -> None:
    """Refuse to make a database where there should be one.

    Raises:
        StartError: There is no SQLite file.
    """
    if not settings.database_url.get_secret_value() and not sqlite_path(settings).exists():
        raise StartError(f"there is no database in {settings.data_dir}; set TANDEM_DATA_DIR")


def _run(settings: EmbeddedSettings, operation: Callable[[Connection], T]) -> T:
    async def write() -> T:
        database = open_database(settings)
        try:
            return await database.write(operation)
        finally:
            await database.close()

    return asyncio.run(write())


def _now() -> int:
    return int(Clock().now() * 1000)


def new_id() -> str:
    """Return an id that nothing has yet."""
    return uuid7(_now(), os.urandom)
