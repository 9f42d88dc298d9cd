"""A PostgreSQL server of the suite's own: started when a test first wants it, stopped at the end, on a Unix socket."""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import psycopg
import pytest
from psycopg import sql

from tandem_backend.storage.migrate import migrate
from tandem_backend.storage.postgres import create_postgres_engine

_TEMPLATE: Final = "tandem_template"
_DEBIAN: Final = Path("/usr/lib/postgresql")


class PostgresServer:
    """A server of its own folder. It listens on a Unix socket, and on a port only if it is given one."""

    def __init__(self, programs: Path, folder: Path, port: int | None = None, *, durable: bool = False) -> None:
        """Create it.

        Args:
            programs: The folder of initdb and pg_ctl.
            folder: Of its own.
            port: Where it listens besides.
            durable: Whether a commit waits for the disk, as it has to where data are somebody's.
        """
        self._programs = programs
        self._folder = folder
        self._port = port
        self._durable = durable
        folder.mkdir(exist_ok=True)
        self._names = (f"tandem_{number}" for number in itertools.count())
        # PostgreSQL refuses to run as root.
        self._uid: int | None = None
        self._gid: int | None = None
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(folder, entry.pw_uid, entry.pw_gid)
            self._uid, self._gid = entry.pw_uid, entry.pw_gid

    def url(self, database: str) -> str:
        """Return the ``DATABASE_URL`` of a database."""
        port = f"&port={self._port}" if self._port else ""
        return f"postgresql://postgres@/{database}?host={self._folder}{port}"

    def initialise(self) -> None:
        """Make the data folder."""
        self._call("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        """Start, and wait until it answers."""
        listening = f"-c listen_addresses=127.0.0.1 -p {self._port}" if self._port else "-c listen_addresses="
        options = f"-k {self._folder} {listening} -c fsync={'on' if self._durable else 'off'} -c max_connections=200"
        self._call("pg_ctl", "start", "--wait", f"--log={self._folder / 'log'}", f"--options={options}")

    def keep(self, database: str) -> None:
        """Start, with the data of the last time if there are any, and see to it that there is a database.

        Raises:
            RuntimeError: It does not start; says what it said.
        """
        if not (self._folder / "data").exists():
            self.initialise()
        elif (self._folder / "data" / "postmaster.pid").exists():
            # Whoever started it was killed. One that is dead as well cannot be stopped, and need not be.
            with suppress(RuntimeError):
                self.stop()
        self.start()
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))

    def stop(self) -> None:
        """Stop at once; every connection ends."""
        self._call("pg_ctl", "stop", "--wait", "--mode=fast")

    def kill(self) -> None:
        """End all its processes as a power cut would; what it wrote is left to the kernel, which has no power cut."""
        self._signal(signal.SIGKILL)
        # Whoever has adopted it may not have noticed yet that it is dead, and the next one would take it for alive.
        (self._folder / "data" / "postmaster.pid").unlink()
        (self._folder / f".s.PGSQL.{self._port or 5432}.lock").unlink()

    def pause(self) -> None:
        """Let all its processes stand still, with their connections open."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        main = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        # While it stands still it starts no others.
        os.kill(main, signal.SIGSTOP)
        for pid in (*_children(main), main):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    @contextmanager
    def database(self, template: str = "template0") -> Generator[str]:
        """Yield the URL of a fresh copy of a database; the copy is dropped afterwards."""
        name = next(self._names)
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run a statement as the superuser."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _call(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments, f"--pgdata={self._folder / 'data'}"]
        # The server inherits what it is given, so its output goes nowhere that somebody would wait for.
        with (self._folder / f"{program}.out").open("wb") as output:
            result = subprocess.run(  # noqa: S603 - programs of the machine's PostgreSQL
                command,
                check=False,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                user=self._uid,
                group=self._gid,
                extra_groups=None if self._uid is None else [],
            )
        if result.returncode:
            said = (self._folder / f"{program}.out").read_text(errors="replace")
            raise RuntimeError(f"{program} failed: {said}")


def _children(parent: int) -> list[int]:
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/status"):
        # It may have ended since it was listed.
        with suppress(FileNotFoundError, ProcessLookupError):
            if f"\nPPid:\t{parent}\n" in status.read_text():
                found.append(int(status.parent.name))
    return found


def find_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL on this machine."""
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    program = str(found[-1]) if found else shutil.which("initdb")
    return Path(program).resolve().parent if program else None


ServerT = TypeVar("ServerT", bound=PostgresServer)


@contextmanager
def temporary_server(make: Callable[[Path, Path], ServerT]) -> Generator[ServerT]:
    """Run a server on a folder that is removed with it.

    Args:
        make: Gets the folder of the programs, and the server's own.
    """
    programs = find_programs()
    if programs is None:
        pytest.fail("PostgreSQL is not installed; `make test` does it, or on Debian: apt-get install postgresql")
    # Not pytest's temporary folder: the user "postgres" has to reach it, and a socket's path is a short one.
    folder = Path(tempfile.mkdtemp(prefix="tandem-pg-"))
    try:
        server = make(programs, folder)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Generator[PostgresServer]:
    """Yield a running server. Without PostgreSQL its tests fail, for what is skipped is not known to work."""
    with temporary_server(PostgresServer) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """Return the name of a migrated database; copying it is quicker than migrating another one."""
    postgres_server.execute(f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0")
    engine = create_postgres_engine(postgres_server.url(_TEMPLATE))
    try:
        migrate(engine)
    finally:
        engine.dispose()
    return _TEMPLATE


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Generator[str]:
    """Yield the URL of a migrated database without rows."""
    with postgres_server.database(postgres_template) as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Generator[str]:
    """Yield the URL of a database without tables."""
    with postgres_server.database() as url:
        yield url
