"""The whole of Tandem, as `tandem serve` runs it."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from tandem_bench.programs import running
from tandem_bench.workshop import Workshop
from tandem_testing.process import free_port

_PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of an account that lives for one run


@dataclass(frozen=True, slots=True)
class Account:
    """A signed-in user."""

    user_id: str
    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of this user's requests."""
        return {"authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True)
class TandemServer:
    """A running server; ``data`` is its data folder."""

    pid: int
    port: int
    data: Path

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def register(self, email: str) -> Account:
        """Make an account and return its first session."""
        return self._authenticate("register", email)

    def sign_in(self, email: str) -> Account:
        """Return another session, as from another device."""
        return self._authenticate("login", email)

    def _authenticate(self, how: str, email: str) -> Account:
        reply = httpx.post(f"{self.url}/api/auth/{how}", json={"email": email, "password": _PASSWORD}, timeout=30.0)
        reply.raise_for_status()
        body: dict[str, Any] = reply.json()
        return Account(body["user"]["id"], email, body["access_token"])


@contextmanager
def tandem_serve(
    workshop: Workshop, name: str, environment: Mapping[str, str] | None = None
) -> Generator[TandemServer]:
    """Run ``tandem serve`` with its defaults on an empty data folder."""
    folder = workshop.folder(name)
    data = folder / "data"
    port = free_port()
    command = [workshop.repository / ".venv/bin/tandem", "serve", "--port", str(port), "--data-dir", data]
    url = f"http://127.0.0.1:{port}/health"
    with running(command, url=url, log=folder / "log", environment=environment) as pid:
        yield TandemServer(pid, port, data)
