"""Create-to-seen latency through a cluster: HTTP to a backend, PostgreSQL, Dapr, Redis, Dapr, a replica's socket."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from tandem_bench.cluster import running_cluster
from tandem_bench.measurements.latency import Pair, Times, load, rows_of
from tandem_bench.report import Row, Section, Target
from tandem_bench.tandem_server import Account
from tandem_bench.workshop import Workshop
from tandem_testing.backend import Device
from tandem_testing.cluster.cluster import Cluster

_TARGETS: Final = {(100, 50): Target("at most", 10.0), (100, 99): Target("at most", 50.0)}
_NOTE: Final = (
    "As create to seen, through nginx, 2 backends, PostgreSQL (commits wait for the disk), 5 sidecars, Redis and 3 "
    "websocket services, all on this machine, without TLS; 20 users take turns. Where it is slower than "
    "what comes in, latencies grow, for they count from the planned moment."
)
_ROUNDS: Final = 3
_ACCOUNTS: Final = 20
"""Writes of one list follow each other: a second one waits until the first one's commit is on the disk (SP2)."""


def measure(workshop: Workshop) -> Section:
    """At 1, 100 and 1,000 writes a second create and wait; the deliveries in bulk and one at a time in turn."""
    return asyncio.run(_measure(workshop))


async def _measure(workshop: Workshop) -> Section:
    seconds = {1: 3, 100: 2, 1000: 1} if workshop.quick else {1: 15, 100: 10, 1000: 5}
    rounds = 1 if workshop.quick else _ROUNDS
    times: dict[tuple[str, int], list[Times]] = {}
    async with running_cluster(workshop) as bulk, running_cluster(workshop, one_at_a_time=True) as single:
        sides = {"in bulk": (bulk, await _accounts(bulk)), "one at a time": (single, await _accounts(single))}
        for cluster, accounts in sides.values():
            await _load(workshop, cluster, accounts, 100, 3, 1)
        for number in range(rounds):
            for rate, duration in seconds.items():
                for name, (cluster, accounts) in sides.items() if number % 2 else reversed(sides.items()):
                    found = await _load(workshop, cluster, accounts, rate, duration, rate * 10 + number)
                    times.setdefault((name, rate), []).append(found)
    rows: list[Row] = []
    for (name, rate), runs in sorted(times.items(), key=lambda item: (item[0][1], item[0][0])):
        seen = [one for run in runs for one in run["seen"]]
        rows += rows_of(f"{rate:,} writes/s, {name}", seen, rate, _TARGETS if name == "in bulk" else {})
    data: dict[str, Any] = {f"{rate} {name}": runs for (name, rate), runs in times.items()}
    return Section("Create to seen in a cluster", rows, [_NOTE], data)


async def _accounts(cluster: Cluster) -> list[Pair]:
    emails = [f"latency-{number}@example.com" for number in range(_ACCOUNTS)]
    return [
        (_account(await cluster.register(email), email), _account(await cluster.login(email), email))
        for email in emails
    ]


def _account(device: Device, email: str) -> Account:
    return Account(device.user_id, email, device.token)


async def _load(
    workshop: Workshop, cluster: Cluster, accounts: Sequence[Pair], rate: int, seconds: int, run: int
) -> Times:
    port, count = cluster.nginx.port, rate * seconds
    return await asyncio.to_thread(load, workshop, port, accounts, rate=rate, count=count, run=run)
