"""A Redis server of the suite's own."""

import os
import secrets
import shutil
import socket
from pathlib import Path
from typing import Final

from tandem_testing.certificates import Authority
from tandem_testing.process import Process, free_port

_WAIT_SECONDS: Final = 10.0


class Redis(Process):
    """Keeps nothing on disk: one that is killed has lost its data."""

    def __init__(self, folder: Path, authority: Authority | None = None) -> None:
        """Create it; nothing runs yet.

        Args:
            folder: Of its own.
            authority: Issues its certificate: it speaks TLS and nothing else then.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self._authority = authority
        program = shutil.which("redis-server") or "redis-server"
        options = f"--bind 127.0.0.1 --appendonly no --requirepass {self.password}".split()
        options += ["--port", str(self.port)] if authority is None else self._tls(authority)
        super().__init__("redis", [program, *options, "--save", ""], {"PATH": os.environ["PATH"]}, folder)

    def command(self, *words: str | bytes) -> bytes:
        """Send one command and return the beginning of the answer, in Redis's own notation (RESP)."""
        with self._connect() as connection:
            connection.sendall(_encoded("AUTH", self.password))
            connection.recv(64)
            connection.sendall(_encoded(*words))
            return connection.recv(65536)

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), _WAIT_SECONDS)
        if self._authority is None:
            return connection
        return self._authority.trust.wrap_socket(connection, server_hostname="127.0.0.1")

    def _tls(self, authority: Authority) -> list[str]:
        files = authority.issue("redis")
        return [
            *("--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"),
            *("--tls-cert-file", str(files.certificate), "--tls-key-file", str(files.key)),
            *("--tls-ca-cert-file", str(authority.file)),
        ]

    def flush(self) -> None:
        """Throw everything away."""
        self.command("FLUSHALL")


def _encoded(*words: str | bytes) -> bytes:
    parts = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
