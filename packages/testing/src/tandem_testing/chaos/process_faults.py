"""What happens to processes."""

import asyncio
import functools
from collections.abc import Callable

from tandem_testing.chaos.faults import Fault, nothing
from tandem_testing.chaos.supervisor import Supervisor
from tandem_testing.postgres import PostgresServer
from tandem_testing.process import Process
from tandem_testing.redis import Redis


def frozen(name: str, part: str, process: Process) -> Fault:
    """Return that a process stands still, with its connections open."""

    async def pause() -> None:
        process.pause()

    async def resume() -> None:
        process.resume()

    return Fault(f"{name}: frozen", part, pause, resume, (0.5, 8.0))


def killed(name: str, part: str, supervisor: Supervisor, *processes: Process) -> Fault:
    """Return that processes are gone without a word, and come back."""
    down, up = functools.partial(supervisor.kill, *processes), functools.partial(supervisor.start, *processes)
    return Fault(f"{name}: killed", part, down, up, (0.0, 3.0))


def restarted(name: str, part: str, supervisor: Supervisor, process: Process) -> Fault:
    """Return that a process is asked to end, and comes back: an upgrade."""
    down, up = functools.partial(supervisor.stop, process), functools.partial(supervisor.start, process)
    return Fault(f"{name}: restarted", part, down, up, (0.0, 0.0))


def redis_faults(redis: Redis, supervisor: Supervisor) -> list[Fault]:
    """Return what happens to the broker; one that is killed has lost its data."""

    async def flush() -> None:
        await asyncio.to_thread(redis.flush)

    return [
        killed("Redis", "Redis", supervisor, redis),
        frozen("Redis", "Redis", redis),
        Fault("Redis: emptied", "Redis", flush, nothing, (0.0, 0.0)),
    ]


def postgres_faults(server: PostgresServer) -> list[Fault]:
    """Return what happens to the database."""

    def fault(what: str, down: Callable[[], None], up: Callable[[], None], seconds: tuple[float, float]) -> Fault:
        inject, heal = functools.partial(asyncio.to_thread, down), functools.partial(asyncio.to_thread, up)
        return Fault(f"PostgreSQL: {what}", "PostgreSQL", inject, heal, seconds)

    return [
        fault("killed", server.kill, server.start, (0.0, 3.0)),
        fault("restarted", server.stop, server.start, (0.0, 0.5)),
        fault("frozen", server.pause, server.resume, (0.5, 8.0)),
    ]
