"""What an operator does to a Tandem that is not running."""

import asyncio
import os
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from tandem.settings import EmbeddedSettings
from tandem_backend.services.accounts import account_key
from tandem_backend.services.passwords import Passwords
from tandem_backend.services.sessions import end_all_of
from tandem_backend.services.signing_keys import add_signing_key
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
            (settings.data_dir / "keys").mkdir(mode=0o700, exist_ok=True)
            add_signing_key(settings.data_dir / "keys", kid)
        except OSError as error:
            raise StartError(f"cannot write the key: {error.strerror or error}") from error
    return kid


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
