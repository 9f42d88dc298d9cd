"""PostgreSQL as other machines may reach it: over TLS and with a password, and not otherwise."""

import os
import secrets
import shutil
from pathlib import Path

import psycopg
from psycopg import sql

from tandem_testing.certificates import Authority
from tandem_testing.postgres import PostgresServer
from tandem_testing.process import free_port

_ENTRIES = """
# By the socket comes whoever may enter the server's folder: the one who starts it.
local all all trust
hostssl all all 127.0.0.1/32 scram-sha-256
"""
_SETTINGS = """
ssl = on
ssl_min_protocol_version = TLSv1.2
"""


class SecurePostgres(PostgresServer):
    """A server whose URLs check its certificate (``sslmode=verify-full``)."""

    def __init__(self, programs: Path, folder: Path, authority: Authority, *, durable: bool = False) -> None:
        """Create it.

        Args:
            programs: The folder of initdb and pg_ctl.
            folder: Of its own.
            authority: Issues its certificate.
            durable: Whether a commit waits for the disk.
        """
        self._authority = authority
        self._tls_port = free_port()
        self._password = secrets.token_hex(16)
        super().__init__(programs, folder, self._tls_port, durable=durable)

    def url(self, database: str) -> str:
        """Return the ``DATABASE_URL`` of a database."""
        return (
            f"postgresql://postgres:{self._password}@127.0.0.1:{self._tls_port}/{database}"
            f"?sslmode=verify-full&sslrootcert={self._authority.file}"
        )

    def start(self) -> None:
        """Start, and wait until it answers."""
        (self._folder / "data" / "pg_hba.conf").write_text(_ENTRIES)
        (self._folder / "data" / "postgresql.auto.conf").write_text(_SETTINGS)
        files = self._authority.issue("postgres")
        for source, name in ((files.certificate, "server.crt"), (files.key, "server.key")):
            target = self._folder / "data" / name
            shutil.copy(source, target)
            target.chmod(0o600)
            if self._uid is not None and self._gid is not None:
                os.chown(target, self._uid, self._gid)
        super().start()
        with psycopg.connect(super().url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER USER postgres PASSWORD {}").format(sql.Literal(self._password)))
