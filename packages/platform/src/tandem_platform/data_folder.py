"""The data folder: one process at a time (ST3)."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tandem_platform.server import StartError

PRIVATE_UMASK: Final = 0o077
"""Files that a program makes are its owner's alone: the database holds passwords' hashes and everybody's tasks."""


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
    # Without a buffer, which would be written once more when the file is closed, on a full disk too.
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = file.read().decode(errors="replace").strip() or "unknown"
            raise StartError(
                f"the data folder {folder} is in use by another Tandem (process {holder}). Stop it first."
            ) from error
        try:
            file.truncate(0)
            file.write(f"{os.getpid()}\n".encode())
        except OSError as error:
            raise StartError(f"cannot write to the data folder {folder}: {error.strerror or error}") from error
        yield
