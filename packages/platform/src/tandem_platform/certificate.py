"""The server's certificate, which is taken up anew when its files are replaced (TL1, TL2)."""

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tandem_platform.serving_settings import ServingSettings
from tandem_platform.settings import SettingsError

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
"""How often is looked whether the files were replaced."""
_WARN_BEFORE: Final = timedelta(days=14)
"""When an end that comes is worth a warning; of certificates that live for days, the last fifth."""
_WARN_EVERY: Final = timedelta(days=1)

_Fingerprint = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Loaded:
    context: ssl.SSLContext
    not_before: datetime
    not_after: datetime

    def trouble(self, now: datetime) -> str:
        """Return what is wrong, or soon will be, with the time in which it is good; empty if nothing is."""
        if now >= self.not_after:
            return f"ended at {self.not_after.isoformat()}"
        if now < self.not_before:
            return f"is not good before {self.not_before.isoformat()}"
        if self.not_after - now < min(_WARN_BEFORE, (self.not_after - self.not_before) / 5):
            return f"ends at {self.not_after.isoformat()}"
        return ""


class ServerCertificate:
    """Certificate and key for handshakes. Connections that are open keep what they began with."""

    def __init__(self, certificate: Path, key: Path, now: Callable[[], float]) -> None:
        """Read both.

        Args:
            certificate: PEM file: the server's own certificate, then those that lead to the authority.
            key: PEM file.
            now: Seconds since 1970.

        Raises:
            SettingsError: They cannot be used.
        """
        self._files = (certificate, key)
        self._now = now
        self._seen = self._fingerprint()
        self._failed: _Fingerprint | None = None
        self._newest = _load(certificate, key)
        self._warned_at: datetime | None = None
        self.context = self._newest.context
        """For the listener; each handshake uses the newest certificate."""
        # A new pair is swapped in as a whole: a context that was given half of one would have lost the old one.
        self.context.sni_callback = self._choose
        logger.info("https with the certificate %s, good until %s", certificate, self._newest.not_after.isoformat())
        self._warn_of_its_end()

    @classmethod
    def open(cls, settings: ServingSettings, now: Callable[[], float]) -> Self | None:
        """Return the certificate that the settings name; None if the program speaks plain http.

        Raises:
            SettingsError: It cannot be used.
        """
        certificate, key = settings.tls_certificate, settings.tls_key
        if certificate is not None and key is not None:
            return cls(certificate, key, now)
        if certificate is None and key is None:
            return None
        names = ("TANDEM_TLS_CERTIFICATE", "TANDEM_TLS_KEY")
        missing, present = names if certificate is None else reversed(names)
        raise SettingsError(
            f"setting {missing} is missing beside {present}: set both (PEM files) for https, or none for http"
        )

    @asynccontextmanager
    async def watched(self) -> AsyncGenerator[None]:
        """Look for new files meanwhile."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Take up files that were replaced (TL1); those that cannot be used are left alone."""
        self._warn_of_its_end()
        found = self._fingerprint()
        if found == self._seen:
            return
        try:
            self._newest = _load(*self._files)
        except SettingsError as error:
            # At the first look one file may be new already and the other not yet.
            if found == self._failed:
                logger.warning("the new certificate is not used, the one before it goes on: %s", error)
                self._seen = found
            self._failed = found
            return
        self._seen, self._failed, self._warned_at = found, None, None
        logger.info("took up a new certificate, good until %s", self._newest.not_after.isoformat())
        self._warn_of_its_end()

    def _choose(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        # Called in each handshake, also by clients that name no host.
        del name
        if context is not self._newest.context:
            connection.context = self._newest.context

    def _warn_of_its_end(self) -> None:
        now = datetime.fromtimestamp(self._now(), UTC)
        if self._warned_at is not None and now - self._warned_at < _WARN_EVERY:
            return
        if trouble := self._newest.trouble(now):
            self._warned_at = now
            logger.warning(
                "the certificate %s %s: replace both files, they are read again by themselves",
                self._files[0],
                trouble,
            )

    def _fingerprint(self) -> _Fingerprint:
        return tuple(_file_fingerprint(file) for file in self._files)


def _file_fingerprint(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()
    except OSError:
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _load(certificate: Path, key: Path) -> _Loaded:
    try:
        own = x509.load_pem_x509_certificates(_read("TANDEM_TLS_CERTIFICATE", certificate))[0]
    except ValueError:
        raise SettingsError(
            f"setting TANDEM_TLS_CERTIFICATE: {certificate} holds no certificate in PEM form "
            "(-----BEGIN CERTIFICATE-----)"
        ) from None
    try:
        load_pem_private_key(_read("TANDEM_TLS_KEY", key), None)
    except TypeError:
        raise SettingsError(
            f"setting TANDEM_TLS_KEY: {key} is encrypted; write it without a password (openssl pkey -in … -out …)"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise SettingsError(
            f"setting TANDEM_TLS_KEY: {key} holds no key in PEM form (-----BEGIN PRIVATE KEY-----)"
        ) from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise SettingsError(
                f"setting TANDEM_TLS_KEY: {key} is not the key of the first certificate in {certificate}; "
                "name the two files that were made together"
            ) from None
        raise SettingsError(f"setting TANDEM_TLS_CERTIFICATE: {certificate} cannot be used: {error.reason}") from None
    except OSError as error:
        raise SettingsError(f"setting TANDEM_TLS_CERTIFICATE: {certificate} cannot be read: {error.strerror}") from None
    return _Loaded(context, own.not_valid_before_utc, own.not_valid_after_utc)


def _read(setting: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"setting {setting}: {file} cannot be read: {error.strerror}; name a PEM file that this user may read"
        ) from None
