"""What chaos is made in."""

import asyncio
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from tandem_testing.chaos.database import Query, sqlite_query
from tandem_testing.chaos.faults import Fault, network_faults
from tandem_testing.process import free_port
from tandem_testing.server import TandemServer
from tandem_testing.toxiproxy import Toxiproxy

HEARTBEAT_SECONDS = 2
SETTINGS = {
    "HEARTBEAT_INTERVAL": str(HEARTBEAT_SECONDS),
    "TANDEM_MAX_CONNECTIONS_PER_USER": "1000",
    "TANDEM_LOG_LEVEL": "WARNING",
}


class Target(Protocol):
    """A running Tandem that can be broken."""

    @property
    def url(self) -> str:
        """Return where clients reach it, on a way that can be broken as well."""
        ...

    @property
    def query(self) -> Query:
        """Return the way to its database."""
        ...

    @property
    def faults(self) -> Sequence[Fault]:
        """Return what can happen to it."""
        ...

    @property
    def printed(self) -> str:
        """Return all that its programs have printed."""
        ...

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        ...

    @property
    def restarts(self) -> Mapping[str, int]:
        """Return how often its programs were started again because they had ended by themselves."""
        ...

    async def mended(self) -> list[str]:
        """Wait until all of it works again, after the last fault; return what does not, and why."""
        ...

    async def close(self) -> None:
        """End all that was started."""
        ...


class SingleTarget:
    """`tandem serve` with SQLite; clients come through toxiproxy."""

    def __init__(self, folder: Path, settings: Mapping[str, str] = SETTINGS) -> None:
        """Create it; ``folder`` is of its own, ``settings`` are variables by name."""
        self._server = TandemServer(folder / "tandem")
        self._server.environment |= {**settings, "PORT": str(free_port())}
        self._toxiproxy = Toxiproxy(folder / "toxiproxy")
        self._port = 0

    @property
    def url(self) -> str:
        """See `Target.url`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def database(self) -> Path:
        """Return the database's file."""
        return self._server.data / "tandem.db"

    @property
    def query(self) -> Query:
        """See `Target.query`."""
        return sqlite_query(self.database)

    @property
    def printed(self) -> str:
        """See `Target.printed`."""
        return self._server.stdout + self._server.stderr

    @property
    def faults(self) -> Sequence[Fault]:
        """See `Target.faults`."""
        server = self._server

        async def kill() -> None:
            await asyncio.to_thread(server.kill)

        async def start() -> None:
            await asyncio.to_thread(server.start)

        async def pause() -> None:
            server.pause()

        async def resume() -> None:
            server.resume()

        processes = [
            Fault("server: killed", "server", kill, start, (0.0, 2.0)),
            Fault("server: killed and back at once", "server", kill, start, (0.0, 0.0)),
            Fault("server: frozen", "server", pause, resume, (0.5, 6.0)),
        ]
        proxy = self._toxiproxy
        network = network_faults(
            "clients",
            functools.partial(proxy.poison, "clients"),
            functools.partial(proxy.cut, "clients"),
            functools.partial(proxy.heal, "clients"),
        )
        return [*processes * 2, *network]

    async def start(self) -> None:
        """See `Target.start`."""
        await asyncio.to_thread(self._server.start)
        self._toxiproxy.start()
        await self._toxiproxy.ready()
        self._port = await self._toxiproxy.add("clients", self._server.port)

    @property
    def restarts(self) -> Mapping[str, int]:
        """See `Target.restarts`: nobody would."""
        return {}

    async def mended(self) -> list[str]:
        """See `Target.mended`: a server that was started is ready."""
        return []

    async def cut(self) -> None:
        """Close the clients' connections for good."""
        await self._toxiproxy.cut("clients")

    async def close(self) -> None:
        """See `Target.close`."""
        self._toxiproxy.kill()
        await self._server.close()
