"""A whole cluster to make chaos in: all its parts as processes, with toxiproxy between some of them."""

import asyncio
import functools
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Final

from tandem_testing.chaos.database import Query, postgres_query
from tandem_testing.chaos.faults import Fault, network_faults
from tandem_testing.chaos.process_faults import frozen, killed, postgres_faults, redis_faults, restarted
from tandem_testing.chaos.supervisor import Supervisor
from tandem_testing.chaos.targets import SETTINGS
from tandem_testing.cluster.cluster import Cluster, Member
from tandem_testing.postgres import PostgresServer, find_programs
from tandem_testing.process import free_port
from tandem_testing.toxiproxy import Toxiproxy

_DATABASE: Final = "tandem"
_CLIENTS, _DATABASE_WAY, _BROKER = "clients", "way to PostgreSQL", "way to Redis"
_WAYS: Final = {_CLIENTS: 2, _DATABASE_WAY: 1, _BROKER: 1}
"""The ways with a toxiproxy in them, and how often the faults of each are in the list that is chosen from."""
_LOOK_SECONDS: Final = 0.5


class ClusterTarget:
    """Two backends and three websocket services; clients, backends and sidecars each have a way that can be broken."""

    def __init__(self, folder: Path) -> None:
        """Create it; ``folder`` is of its own, and PostgreSQL's user has to reach it.

        Raises:
            FileNotFoundError: PostgreSQL is not installed.
        """
        programs = find_programs()
        if programs is None:
            raise FileNotFoundError("PostgreSQL is not installed (apt install postgresql)")
        postgres_port = free_port()
        self._ports = {way: free_port() for way in _WAYS}
        self._toxiproxy = Toxiproxy(folder / "toxiproxy")
        self._postgres = PostgresServer(programs, folder / "postgres", postgres_port)
        pages = folder / "pages"
        pages.mkdir()
        (pages / "index.html").write_text("<!doctype html><title>Tandem</title>")
        self._cluster = Cluster(
            folder / "cluster",
            f"postgresql://postgres@127.0.0.1:{self._ports[_DATABASE_WAY]}/{_DATABASE}",
            pages=pages,
            settings=SETTINGS,
            redis_port=self._ports[_BROKER],
        )
        self._ends = {
            _CLIENTS: self._cluster.nginx.port,
            _DATABASE_WAY: postgres_port,
            _BROKER: self._cluster.redis.port,
        }
        sidecars = [member.sidecar for member in self._cluster.members]
        programs_of_tandem = [member.program for member in self._cluster.members]
        self._supervisor = Supervisor([*programs_of_tandem, *sidecars, self._cluster.redis, self._cluster.nginx])
        self._stack = AsyncExitStack()

    @property
    def url(self) -> str:
        """See `Target.url`."""
        return f"http://127.0.0.1:{self._ports[_CLIENTS]}"

    @property
    def query(self) -> Query:
        """See `Target.query`."""
        return postgres_query(self._postgres.url(_DATABASE))

    @property
    def printed(self) -> str:
        """See `Target.printed`."""
        return self._cluster.printed

    @property
    def faults(self) -> Sequence[Fault]:
        """See `Target.faults`."""
        return [*self._member_faults(), *self._shared_faults() * 3, *self._network_faults()]

    @property
    def restarts(self) -> Mapping[str, int]:
        """See `Target.restarts`."""
        return self._supervisor.restarts

    async def start(self) -> None:
        """See `Target.start`."""
        self._toxiproxy.start()
        self._stack.callback(self._toxiproxy.kill)
        await self._toxiproxy.ready()
        for way, port in self._ports.items():
            await self._toxiproxy.add(way, self._ends[way], port)
        await asyncio.to_thread(self._postgres.keep, _DATABASE)
        self._stack.callback(self._postgres.kill)
        self._stack.push_async_callback(self._cluster.close)
        await self._cluster.start()
        looking = asyncio.create_task(self._supervisor.run())
        self._stack.push_async_callback(_cancelled, looking)

    async def mended(self) -> list[str]:
        """See `Target.mended`."""
        found = await asyncio.gather(*(self._not_ready(member) for member in self._cluster.members))
        return [reason for reason in found if reason]

    async def close(self) -> None:
        """See `Target.close`."""
        await self._stack.aclose()

    async def _not_ready(self, member: Member) -> str:
        """Wait until a program is ready; return why it does not get it, or nothing."""
        while True:
            try:
                await self._cluster.ready(member)
            except TimeoutError as error:
                return str(error)
            except RuntimeError:
                # It has ended by itself, and is started again.
                await asyncio.sleep(_LOOK_SECONDS)
            else:
                return ""

    def _member_faults(self) -> list[Fault]:
        found: list[Fault] = []
        for kind, members in (("backend", self._cluster.backends), ("websocket service", self._cluster.sockets)):
            for member in members:
                part, program, sidecar = member.program.name, member.program, member.sidecar
                found += [
                    killed(kind, part, self._supervisor, program),
                    frozen(kind, part, program),
                    restarted(kind, part, self._supervisor, program),
                    killed(f"sidecar of {kind}", part, self._supervisor, sidecar),
                    frozen(f"sidecar of {kind}", part, sidecar),
                    killed(f"{kind} and sidecar", part, self._supervisor, sidecar, program),
                ]
        return found

    def _shared_faults(self) -> list[Fault]:
        nginx = self._cluster.nginx
        return [
            killed("nginx", "nginx", self._supervisor, nginx),
            frozen("nginx", "nginx", nginx),
            *redis_faults(self._cluster.redis, self._supervisor),
            *postgres_faults(self._postgres),
        ]

    def _network_faults(self) -> list[Fault]:
        proxy = self._toxiproxy
        found: list[Fault] = []
        for way, times in _WAYS.items():
            poison, cut, heal = (functools.partial(how, way) for how in (proxy.poison, proxy.cut, proxy.heal))
            found += network_faults(way, poison, cut, heal) * times
        return found


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
