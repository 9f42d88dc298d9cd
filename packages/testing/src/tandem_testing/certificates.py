"""A certificate authority of the tests' own, whose certificates real programs use."""

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import trustme

_NAMES: Final = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """A certificate with its key, as PEM files."""

    certificate: Path
    key: Path

    @property
    def settings(self) -> dict[str, str]:
        """Return the variables by which Tandem's programs use it."""
        return {"TANDEM_TLS_CERTIFICATE": str(self.certificate), "TANDEM_TLS_KEY": str(self.key)}


class Authority:
    """Issues certificates. What trusts ``file`` trusts them, and nothing else does."""

    def __init__(self, folder: Path) -> None:
        """Make an authority whose files are in ``folder``, or take the one that is there."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.file = folder / "ca.pem"
        key = folder / "ca.key"
        if key.exists():
            self._authority = trustme.CA.from_pem(self.file.read_bytes(), key.read_bytes())
            return
        self._authority = trustme.CA(organization_name="Tandem", organization_unit_name="Tests")
        _write(self.file, self._authority.cert_pem.bytes())
        _write(key, self._authority.private_key_pem.bytes())

    @property
    def trust(self) -> ssl.SSLContext:
        """Return what a client needs to trust this authority alone."""
        return ssl.create_default_context(cafile=self.file)

    def issue(
        self,
        name: str,
        *hosts: str,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> CertificateFiles:
        """Return a new certificate; files of that name are replaced, as certbot does it.

        Args:
            name: Of the files.
            hosts: Names and addresses that it is for, this machine if there are none.
            not_before: When it begins to be good; long ago if that is not given.
            not_after: When it ends; in the distant future if that is not given.
        """
        issued = self._authority.issue_cert(*(hosts or _NAMES), not_before=not_before, not_after=not_after)
        files = CertificateFiles(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        _write(files.certificate, chain)
        _write(files.key, issued.private_key_pem.bytes())
        return files


def _write(file: Path, content: bytes) -> None:
    fresh = file.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.replace(file)
