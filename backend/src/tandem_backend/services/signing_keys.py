"""The keys of access and refresh tokens: files of mode 0600 in a folder (AU3).

The folder may be one that cannot be written, such as a mounted Secret, when all keys are there.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tandem_platform.server import StartError

_SIGNING: Final = "signing-"
_REFRESH: Final = "refresh.key"
_REFRESH_BYTES: Final = 32
_FINGERPRINT_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Keyring:
    """``signing`` signs new access tokens under the name ``kid``; all of ``public`` verify; ``refresh`` is secret."""

    kid: str
    signing: Ed25519PrivateKey
    public: dict[str, Ed25519PublicKey]
    refresh: bytes

    @property
    def fingerprint(self) -> str:
        """What tells these keys from others and is no secret. It stays when signing keys are rotated."""
        return hashlib.sha256(self.refresh).hexdigest()[:_FINGERPRINT_DIGITS]


def has_refresh_key(folder: Path) -> bool:
    """Return whether the key of the refresh tokens is in a folder."""
    return (folder / _REFRESH).exists()


def load_keys(folder: Path, new_kid: Callable[[], str]) -> Keyring:
    """Read the keys of a folder, and make what is missing; of several programs at once one does.

    Args:
        folder: Where they are; created if it is missing.
        new_kid: Makes the name of a new key. Names sort by the time of their making.

    Raises:
        StartError: A file cannot be read, or holds something else.
    """
    try:
        refresh = folder / _REFRESH
        if not _complete(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _alone(folder):
                _make_missing(folder, new_kid)
        keys = {path.stem.removeprefix(_SIGNING): _read(path) for path in sorted(folder.glob(f"{_SIGNING}*.pem"))}
        secret = refresh.read_bytes()
    except OSError as error:
        raise StartError(f"cannot use the keys in {folder}: {error.strerror or error}") from error
    if len(secret) != _REFRESH_BYTES:
        raise StartError(f"{refresh} is damaged; put it back, or delete it and run `tandem adopt-keys`")
    kid = max(keys)
    return Keyring(kid, keys[kid], {name: key.public_key() for name, key in keys.items()}, secret)


def add_signing_key(folder: Path, kid: str, keep: int = 1) -> None:
    """Make a new signing key; the newest ``keep`` of the old ones stay, so that their tokens live out their time."""
    old = sorted(folder.glob(f"{_SIGNING}*.pem"))
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write_private(folder / f"{_SIGNING}{kid}.pem", pem)
    for path in old[:-keep] if keep else old:
        path.unlink()


def _complete(folder: Path) -> bool:
    return has_refresh_key(folder) and any(folder.glob(f"{_SIGNING}*.pem"))


def _make_missing(folder: Path, new_kid: Callable[[], str]) -> None:
    if not any(folder.glob(f"{_SIGNING}*.pem")):
        add_signing_key(folder, new_kid())
    if not has_refresh_key(folder):
        _write_private(folder / _REFRESH, os.urandom(_REFRESH_BYTES))


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Hold a folder against others who would make keys in it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # A TypeError is a key under a passphrase.
        raise StartError(f"{path} is not a private key; delete it to do without") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StartError(f"{path} is not an Ed25519 key; delete it to do without")
    return key


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
