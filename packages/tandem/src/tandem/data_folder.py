"""The data folder: one process at a time, and no fresh start where there used to be data (ST3)."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tandem_platform.server import StartError


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Hold the data folder for this process; it is made if it is missing.

    The lock is the kernel's (flock), so it ends with the process, however that ends.

    Raises:
        StartError: Another process holds it, or the folder cannot be written.
    """
    path = folder / "tandem.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StartError(
            f"cannot write to the data folder {folder}: {error.strerror or error}. Set TANDEM_DATA_DIR."
        ) from error
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = file.read().strip() or "unknown"
            raise StartError(
                f"the data folder {folder} is in use by another Tandem (process {holder}). Stop it first."
            ) from error
        try:
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
        except OSError as error:
            raise StartError(f"cannot write to the data folder {folder}: {error.strerror or error}") from error
        yield


def refuse_missing_database(folder: Path, database: Path) -> None:
    """Refuse to begin anew where keys show that there were accounts before (F19: "the data seems gone").

    Raises:
        StartError: There are keys and no database.
    """
    if not database.exists() and any((folder / "keys").glob("*.pem")):
        raise StartError(
            f"{folder} has keys but no {database.name}: the database was moved or lost. Put it back, or, "
            f"to begin anew, delete {folder / 'keys'}."
        )
