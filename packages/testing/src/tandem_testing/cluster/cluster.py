"""All parts of a large Tandem on this machine, as processes that can be killed one by one."""

import asyncio
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import httpx

from tandem_testing.backend import PASSWORD, Device
from tandem_testing.certificates import Authority
from tandem_testing.cluster.nginx import Balancer, PageServer
from tandem_testing.dapr_files import CONFIGURATION, Role, write_backend, write_resources, write_secrets
from tandem_testing.daprd import Daprd
from tandem_testing.process import Process, free_port
from tandem_testing.readiness import until_ready
from tandem_testing.redis import Redis

START_SECONDS: Final = 60.0
"""How long everything may take to become ready; the machine may be busy."""
_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Member:
    """A program of Tandem's with its sidecar."""

    program: Process
    sidecar: Daprd
    port: int

    @property
    def url(self) -> str:
        """Return where the program itself listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start both."""
        self.sidecar.start()
        self.program.start()

    def kill(self) -> None:
        """End both as a power cut would."""
        self.program.kill()
        self.sidecar.kill()


class Cluster:
    """Backends and websocket services behind a load balancer, with Redis and a given PostgreSQL."""

    def __init__(  # noqa: PLR0913 - the one place where everything meets
        self,
        folder: Path,
        database_url: str,
        *,
        pages: Path,
        backends: int = 2,
        sockets: int = 3,
        settings: Mapping[str, str] | None = None,
        port: int | None = None,
        authority: Authority | None = None,
        redis_port: int | None = None,
    ) -> None:
        """Create it; nothing runs yet.

        Args:
            folder: An empty folder of its own.
            database_url: An empty or a migrated database of a PostgreSQL server.
            pages: The built frontend.
            backends: How many of them.
            sockets: How many websocket services.
            settings: Variables for all programs.
            port: The load balancer's; a free one if none is given.
            redis_port: Where sidecars look for Redis, if not at its own port: a proxy's.
            authority: Issues certificates: Redis and the load balancer speak TLS then. The programs and their
                sidecars speak plain HTTP with each other, on this machine.
        """
        self._folder = folder
        self._authority = authority
        self._scheme = "http" if authority is None else "https"
        self._clients: list[httpx.AsyncClient] = []
        self.event_key = secrets.token_hex(32)
        self._app_token, self._dapr_token = secrets.token_hex(16), secrets.token_hex(16)
        self._common = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
            "HOST": "127.0.0.1",
            "TANDEM_BUS": "dapr",
            "TANDEM_EVENT_KEYS": f"first:{self.event_key}",
            "TANDEM_INTERNAL_TOKEN": secrets.token_hex(16),
            "APP_API_TOKEN": self._app_token,
            "DAPR_API_TOKEN": self._dapr_token,
            "DATABASE_URL": database_url,
            "TANDEM_KEYS_DIR": str(folder / "keys"),
            "TANDEM_TRIES_PER_ACCOUNT": "100000",
            "TANDEM_TRIES_PER_NETWORK": "100000",
            "TANDEM_AUDIT_LOG": "",
            **(settings or {}),
        }
        self.redis = Redis(folder / "redis", authority)
        self._redis_port = redis_port or self.redis.port
        self.backends = [self._backend(number) for number in range(backends)]
        self.sockets = [self._socket(number) for number in range(sockets)]
        self.pages = PageServer(folder / "pages", pages)
        self.nginx = Balancer(
            folder / "nginx",
            [member.port for member in self.backends],
            [member.port for member in self.sockets],
            self.pages.port,
            port,
            None if authority is None else authority.issue("nginx"),
        )
        for member in self.sockets:
            write_backend(member.sidecar.resources[0], f"http://127.0.0.1:{self.nginx.inside_port}")
        self._stack = ExitStack()

    @property
    def url(self) -> str:
        """Return the load balancer's URL."""
        return f"{self._scheme}://127.0.0.1:{self.nginx.port}"

    def replica_url(self, number: int) -> str:
        """Return the load balancer's URL by which sockets go to one websocket service."""
        return f"{self._scheme}://127.0.0.1:{self.nginx.replica_ports[number]}"

    @property
    def members(self) -> Sequence[Member]:
        """Return all programs of Tandem's."""
        return (*self.backends, *self.sockets)

    @property
    def printed(self) -> str:
        """Return all that Tandem's programs have printed."""
        return "".join(member.program.printed for member in self.members)

    async def start(self) -> Self:
        """Start everything, and wait until it is ready.

        Raises:
            TimeoutError: Something did not get ready; says what, and what it printed.
        """
        self.launch()
        await asyncio.gather(*(self.ready(member) for member in self.members))
        return self

    def launch(self) -> None:
        """Start everything, and wait for nothing."""
        for part in (self.redis, *self.members, self.pages, self.nginx):
            self._stack.callback(part.kill)
            part.start()

    async def ready(self, member: Member) -> None:
        """Wait until a program says that it is ready.

        Raises:
            TimeoutError: It did not; says why.
            RuntimeError: It has ended.
        """
        await until_ready(member.program, member.url, seconds=START_SECONDS)

    async def close(self) -> None:
        """End everything."""
        for client in self._clients:
            await client.aclose()
        self._stack.close()

    async def register(self, email: str, replica: int | None = None) -> Device:
        """Make an account and return its first device; its sockets go to ``replica``, or to any."""
        return await self._enter("register", email, replica)

    async def login(self, email: str, replica: int | None = None) -> Device:
        """Sign in on another device."""
        return await self._enter("login", email, replica)

    async def _enter(self, how: str, email: str, replica: int | None) -> Device:
        url = self.url if replica is None else self.replica_url(replica)
        tls = None if self._authority is None else self._authority.trust
        client = httpx.AsyncClient(base_url=url, timeout=START_SECONDS, trust_env=False, verify=tls or False)
        self._clients.append(client)
        reply = await client.post(f"/api/auth/{how}", json={"email": email, "password": PASSWORD})
        reply.raise_for_status()
        return Device(client, reply.json(), tls)

    def _backend(self, number: int) -> Member:
        data = {"TANDEM_DATA_DIR": str(self._folder / f"backend-{number}" / "data")}
        return self._member("backend", f"backend-{number}", "tandem_backend.main", "publisher", data)

    def _socket(self, number: int) -> Member:
        return self._member("websocket-service", f"websocket-{number}", "tandem_websocket", "subscriber", {})

    def _member(self, app_id: str, name: str, module: str, role: Role, settings: Mapping[str, str]) -> Member:
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        resources = self._resources(name, role)
        sidecar = Daprd(
            app_id,
            app_port=port,
            resources=[resources],
            environment={
                "POD_NAME": name,
                "APP_API_TOKEN": self._app_token,
                "DAPR_API_TOKEN": self._dapr_token,
                **({} if self._authority is None else {"SSL_CERT_FILE": str(self._authority.file)}),
            },
            folder=folder,
            options=[f"--config={CONFIGURATION}"],
        )
        environment = {**self._common, **settings, "PORT": str(port), "DAPR_HTTP_PORT": str(sidecar.http_port)}
        return Member(Process(name, [sys.executable, "-m", module], environment, folder), sidecar, port)

    def _resources(self, name: str, role: Role) -> Path:
        """Return a folder with Tandem's own Dapr files, and where the secrets are on this machine."""
        secrets_file = self._folder / "dapr-secrets.json"
        redis = {"host": f"127.0.0.1:{self._redis_port}", "password": self.redis.password}
        redis["tls"] = "false" if self._authority is None else "true"
        write_secrets(secrets_file, {"redis": redis})
        folder = self._folder / name / "dapr"
        write_resources(folder, role, secrets_file)
        return folder


async def until(condition: Callable[[], Any], seconds: float = START_SECONDS) -> None:
    """Wait until something that can only be looked at holds.

    Raises:
        TimeoutError: It did not come.
    """
    async with asyncio.timeout(seconds):
        # What other processes do can only be looked at.
        while True:
            if condition():
                return
            await asyncio.sleep(_LOOK_SECONDS)
