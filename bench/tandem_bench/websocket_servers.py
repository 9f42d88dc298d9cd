"""The websocket service as a program of its own, naive servers beside it, and tokens that both take."""

import json
import os
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tandem_bench.programs import running
from tandem_bench.workshop import Workshop
from tandem_platform.jwks import to_jwks
from tandem_platform.tokens import AccessClaims, sign
from tandem_protocol.ids import uuid7
from tandem_testing.process import free_port

Kind = Literal["tandem", "send_json", "serialise once"]
_KID: Final = "bench"
_TOKEN_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class WebSocketServer:
    """A running server."""

    kind: Kind
    pid: int
    port: int


class Issuer:
    """Signs the tokens of users who exist nowhere else."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    @property
    def jwks(self) -> bytes:
        """Return the document with the public key."""
        return json.dumps(to_jwks({_KID: self._key.public_key()})).encode()

    @property
    def pem(self) -> bytes:
        """Return the public key as PEM."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def socket_path(self, user_id: str) -> str:
        """Return the path of a socket of the user, with a token of a session of its own."""
        now = time.time()
        token = sign(
            AccessClaims(user_id, new_id(), now + _TOKEN_SECONDS),
            issued_at=now,
            token_id=new_id(),
            kid=_KID,
            private_key=self._key,
        )
        return f"/ws/{user_id}?token={token}"


def new_id() -> str:
    """Return a fresh id."""
    return uuid7(int(time.time() * 1000), os.urandom)


@contextmanager
def websocket_servers(workshop: Workshop, name: str, issuer: Issuer, *kinds: Kind) -> Generator[list[WebSocketServer]]:
    """Run servers side by side; one that gets no load costs nothing."""
    folder = workshop.folder(name)
    key = folder / "key.pem"
    key.write_bytes(issuer.pem)
    with ExitStack() as stack:
        backend_url = stack.enter_context(_key_server(issuer.jwks))
        servers: list[WebSocketServer] = []
        for kind in kinds:
            port = free_port()
            if kind == "tandem":
                command: list[Any] = [workshop.python, "-m", "tandem_websocket"]
            else:
                script = workshop.bench / "baselines/naive_websocket.py"
                command = [workshop.python, script, str(port), "json" if kind == "send_json" else "once", key]
            environment = {
                "HOST": "127.0.0.1",
                "PORT": str(port),
                "TANDEM_BACKEND_URL": backend_url,
                # No heartbeat falls into a measurement of some seconds.
                "HEARTBEAT_INTERVAL": "3600",
            }
            url = f"http://127.0.0.1:{port}/ready"
            log = folder / f"{kind}.log"
            pid = stack.enter_context(running(command, url=url, log=log, environment=environment))
            servers.append(WebSocketServer(kind, pid, port))
        yield servers


@contextmanager
def _key_server(jwks: bytes) -> Generator[str]:
    """Serve the public key where the websocket service looks for its backend's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(jwks)))
            self.end_headers()
            self.wfile.write(jwks)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
