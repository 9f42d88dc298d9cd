"""The keys that belong to a database: all programs on one database use the same ones (ST7)."""

from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tandem_backend.services.signing_keys import Keyring, has_refresh_key, load_keys
from tandem_backend.settings import BackendSettings
from tandem_backend.storage import key_fingerprints
from tandem_backend.storage.locate import create_database_engine
from tandem_platform.server import StartError

T = TypeVar("T")

_WHAT_TO_DO: Final = (
    "give all backends the same TANDEM_KEYS_DIR; if the keys were lost and are to be made anew, run `tandem "
    "adopt-keys`, which signs everybody out"
)


def open_keys(settings: BackendSettings, new_kid: Callable[[], str]) -> Keyring:
    """Read the keys; for a database that was not used with any yet, make those that are missing and record them.

    Args:
        settings: Where the keys and the database are; the database is migrated.
        new_kid: Makes the name of a new key.

    Raises:
        StartError: The database is used with other keys, or the keys or the database cannot be used.
    """
    folder = settings.keys_folder
    used = _transact(settings, key_fingerprints.recorded)
    if used is not None and not has_refresh_key(folder):
        raise StartError(f"the database is used with keys ({used}), and there are none in {folder}: {_WHAT_TO_DO}")
    keyring = load_keys(folder, new_kid)
    used = _transact(settings, lambda connection: key_fingerprints.record(connection, keyring.fingerprint))
    if used != keyring.fingerprint:
        there = f"{folder} ({keyring.fingerprint})"
        raise StartError(f"the database is used with other keys ({used}) than those in {there}: {_WHAT_TO_DO}")
    return keyring


def adopt_keys(settings: BackendSettings, new_kid: Callable[[], str]) -> Keyring:
    """Use the database with the keys of the folder from now on, whatever it was used with; missing ones are made.

    Args:
        settings: Where the keys and the database are; the database is migrated, and no program uses it.
        new_kid: Makes the name of a new key.

    Raises:
        StartError: The keys or the database cannot be used.
    """
    keyring = load_keys(settings.keys_folder, new_kid)
    _transact(settings, lambda connection: key_fingerprints.replace(connection, keyring.fingerprint))
    return keyring


def _transact(settings: BackendSettings, operation: Callable[[Connection], T]) -> T:
    engine = create_database_engine(settings)
    try:
        with engine.begin() as connection:
            return operation(connection)
    except DBAPIError as error:
        raise StartError(f"the database cannot be used: {' '.join(str(error.orig).split()).rstrip('.')}") from error
    finally:
        engine.dispose()
