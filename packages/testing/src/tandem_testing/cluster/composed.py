"""The installation of deploy/compose as processes: its files, its secrets, its certificates; only addresses differ."""

import asyncio
import os
import pwd
import re
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import psycopg

from tandem_testing.caddy import Caddy
from tandem_testing.cluster.nginx import PageServer
from tandem_testing.compose_file import ComposeFile, installation
from tandem_testing.daprd import Daprd
from tandem_testing.postgres import PostgresServer
from tandem_testing.process import Process, free_port
from tandem_testing.readiness import until_ready

BACKENDS: Final = ("backend-0", "backend-1")
SOCKETS: Final = ("websocket-0", "websocket-1", "websocket-2")
_READY_SECONDS: Final = 60.0
_MODULES: Final = {"backend": "tandem_backend.main", "websocket": "tandem_websocket"}


class Composed:
    """Each service of compose.yaml as a process that reads what its container would."""

    def __init__(self, folder: Path, postgres_programs: Path, pages: Path) -> None:
        """Create it; nothing runs yet.

        Args:
            folder: An empty folder that every user may enter, for PostgreSQL has a user of its own.
            postgres_programs: The folder of initdb and pg_ctl.
            pages: The built frontend.
        """
        self._stack = ExitStack()
        self._folder = folder
        self.file = ComposeFile.load(installation(folder / "installation") / "compose.yaml")
        self.secrets = self.file.folder / "secrets"
        postgres = free_port()
        self._postgres = PostgresServer(postgres_programs, folder / "postgres", postgres)
        # It takes a while, in which others might take the ports.
        self._postgres.initialise()
        self.ports = {"postgres": postgres, **{name: free_port() for name in (*BACKENDS, *SOCKETS, "redis")}}
        self._pages = PageServer(folder / "frontend", pages)
        addresses = {f"{name}:{8000 if name in BACKENDS else 8005}": self.ports[name] for name in (*BACKENDS, *SOCKETS)}
        self.caddy = Caddy(folder / "caddy", self.file, {**addresses, "frontend:8080": self._pages.port})
        self.sidecars = {name: self._sidecar(name) for name in (*BACKENDS, *SOCKETS)}
        self.programs = {name: self._program(name) for name in (*BACKENDS, *SOCKETS)}

    @property
    def database_url(self) -> str:
        """Return the backends' DATABASE_URL, with the address of this machine beside the container's name."""
        url = self.file.secret_path(self.file.environment("tandem")["DATABASE_URL"])
        return url.replace("@postgres/", f"@postgres:{self.ports['postgres']}/") + "&hostaddr=127.0.0.1"

    async def start(self) -> Self:
        """Start everything, and wait until all programs are ready.

        Raises:
            TimeoutError: They are not; says why.
        """
        await asyncio.to_thread(self._start_postgres)
        for part in (self._redis(), self._pages, *self.sidecars.values(), *self.programs.values(), self.caddy):
            self._stack.callback(part.kill)
            part.start()
        await asyncio.gather(*(self.ready(name) for name in self.programs), self.caddy.ready())
        return self

    def close(self) -> None:
        """End everything."""
        self._stack.close()

    async def ready(self, name: str) -> None:
        """Wait until a program says that it is ready.

        Raises:
            TimeoutError: It does not; says why.
        """
        url = f"http://127.0.0.1:{self.ports[name]}"
        await until_ready(self.programs[name], url, seconds=_READY_SECONDS, beside=[self.sidecars[name]])

    def _start_postgres(self) -> None:
        data = self._folder / "postgres"
        given = [data / name for name in ("postgres.crt", "postgres.key")]
        for path in given:
            shutil.copy(self.secrets / path.name, path)
        hba = data / "pg_hba.conf"
        hba.write_text(self.file.mounted("postgres", "/etc/postgresql/pg_hba.conf").read_text())
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            for path in (*given, hba):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        command: list[str] = self.file.services["postgres"]["command"]
        options = [word.split("=", 1) for word in command if "=" in word]
        with (data / "data" / "postgresql.conf").open("a") as file:
            for option, value in options:
                file.write(f"{option} = '{re.sub('/(run/secrets|etc/postgresql)', str(data), value)}'\n")
        self._postgres.start()
        self._stack.callback(self._postgres.stop)
        environment = self.file.environment("postgres")
        with psycopg.connect(self._postgres.url("postgres"), autocommit=True) as connection:
            password = Path(self.file.secret_path(environment["POSTGRES_PASSWORD_FILE"])).read_text()
            connection.execute(f"CREATE ROLE {environment['POSTGRES_USER']} LOGIN PASSWORD '{password}'".encode())
            owned = f"{environment['POSTGRES_DB']} OWNER {environment['POSTGRES_USER']}"
            connection.execute(f"CREATE DATABASE {owned}".encode())

    def _redis(self) -> Process:
        folder = self._own("redis")
        text = self.file.secret_path(self.file.mounted("redis", "/etc/redis.conf").read_text())
        text = text.replace("tls-port 6379", f"tls-port {self.ports['redis']}").replace("dir /tmp", f"dir {folder}")
        (folder / "redis.conf").write_text(text)
        command = [shutil.which("redis-server") or "redis-server", str(folder / "redis.conf")]
        return Process("redis", command, {"PATH": os.environ["PATH"]}, folder)

    def _sidecar(self, name: str) -> Daprd:
        service = f"{name}-sidecar"
        folder = self._own(service)
        options = [word.removeprefix("--").split("=", 1) for word in self.file.services[service]["command"][1:]]
        given = dict(options)
        secrets = folder / "dapr.json"
        text = (self.secrets / "dapr.json").read_text()
        secrets.write_text(text.replace("redis:6379", f"127.0.0.1:{self.ports['redis']}"))
        here = {
            "http://backend:8000": f"http://127.0.0.1:{self.ports['backend-0']}",
            "/run/secrets/tandem-dapr.json": str(secrets),
        }
        resources = folder / "resources"
        resources.mkdir()
        for target in (value for option, value in options if option == "resources-path"):
            for path in self.file.mounted(service, target).glob("*.yaml"):
                text = path.read_text()
                for there, address in here.items():
                    text = text.replace(there, address)
                (resources / path.name).write_text(text)
        environment = self.file.environment(service)
        environment["SSL_CERT_FILE"] = self.file.secret_path(environment["SSL_CERT_FILE"])
        return Daprd(
            given["app-id"],
            app_port=self.ports[name],
            resources=[resources],
            environment=environment,
            folder=folder,
            options=[f"--config={self.file.mounted(service, given['config'])}"],
        )

    def _program(self, name: str) -> Process:
        service = f"{name}-program"
        folder = self._own(service)
        environment = self.file.environment(service)
        # Caddy's address is this machine's.
        environment |= {"HOST": "127.0.0.1", "PORT": str(self.ports[name]), "TANDEM_TRUSTED_PROXIES": "127.0.0.1"}
        environment["DAPR_HTTP_PORT"] = str(self.sidecars[name].http_port)
        if name in BACKENDS:
            environment |= {"DATABASE_URL": self.database_url, "TANDEM_DATA_DIR": str(folder / "data")}
            environment["TANDEM_KEYS_DIR"] = str(self.file.mounted(service, environment["TANDEM_KEYS_DIR"]))
        passed = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
        module = _MODULES[name.partition("-")[0]]
        return Process(service, [sys.executable, "-m", module], {**passed, **environment}, folder)

    def _own(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir(parents=True)
        return folder
