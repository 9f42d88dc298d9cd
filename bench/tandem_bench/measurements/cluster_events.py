"""Events a second through real Dapr: from the backend's publisher to the sockets of one and of three replicas."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tandem_backend.services.event_publisher import BATCH
from tandem_bench.cluster import publisher, running_cluster
from tandem_bench.events import FIRST_SEQ, task_event
from tandem_bench.programs import BenchError
from tandem_bench.report import Row, Section, Target
from tandem_bench.summary import paired_ratios, spread
from tandem_bench.workshop import Workshop
from tandem_platform.bus import TASK_UPDATES
from tandem_testing.backend import Device
from tandem_testing.cluster.cluster import Cluster

_SOCKETS: Final = 100
_SECONDS_MAX: Final = 180.0
_NOTE: Final = (
    "From the first publish to the last delivery: signed and published in the batches of the relay, by a "
    f"real sidecar, Redis, and a sidecar for each replica, to {_SOCKETS} sockets of as many users behind nginx. "
    "Everything, the load too, shares this machine's cores. Every socket has to get each of its events once."
)
_TARGET: Final = Target("at least", 5000)


def measure(workshop: Workshop) -> Section:
    """Publish to clusters with and without bulk subscriptions, in turn; then to what is left with one replica each."""
    return asyncio.run(_measure(workshop))


async def _measure(workshop: Workshop) -> Section:
    rounds, each = (1, 5) if workshop.quick else (5, 100)
    samples: dict[str, list[dict[str, float]]] = {}
    async with running_cluster(workshop) as bulk, running_cluster(workshop, one_at_a_time=True) as single:
        sides = {
            "in bulk": await _side(workshop, "bulk", bulk),
            "one at a time": await _side(workshop, "single", single),
        }
        for replicas in (len(bulk.sockets), 1):
            for cluster in (bulk, single):
                for member in cluster.sockets[replicas:]:
                    member.program.kill()
                    member.sidecar.kill()
            for number in range(-1, rounds):
                for name, side in sides.items() if number % 2 else reversed(sides.items()):
                    found = await side.load(each if name == "in bulk" else each // 5)
                    if number >= 0:  # The one before warms up.
                        samples.setdefault(f"{replicas} {name}", []).append(found)
    return Section("Events through Dapr", list(_rows(samples)), [_NOTE], {"samples": samples})


async def _side(workshop: Workshop, name: str, cluster: Cluster) -> "_Side":
    return _Side(
        workshop,
        name,
        cluster,
        [await cluster.register(f"{name}-{number}@example.com") for number in range(_SOCKETS)],
    )


def _rows(samples: Mapping[str, Sequence[Mapping[str, float]]]) -> Iterator[Row]:
    for replicas in (1, 3):
        where = "one replica" if replicas == 1 else "each of three"
        rates = {
            name: [sample["events"] / sample["seconds"] for sample in samples[f"{replicas} {name}"]]
            for name in ("in bulk", "one at a time")
        }
        target = _TARGET if replicas == 1 else None
        yield Row(f"to {where}, in bulk", spread(rates["in bulk"]), "events/s", target)
        yield Row(f"to {where}, one at a time", spread(rates["one at a time"]), "events/s")
        yield Row(f"to {where}, in bulk / one at a time", paired_ratios(rates["in bulk"], rates["one at a time"]), "x")
    load = [sample["load_cpus"] for of_kind in samples.values() for sample in of_kind]
    yield Row("CPU of publisher and clients, of the cores", spread(load), "cores")


class _Side:
    """A cluster with an account for each socket."""

    def __init__(self, workshop: Workshop, name: str, cluster: Cluster, devices: Sequence[Device]) -> None:
        self._program = workshop.client("receive")
        self._cluster = cluster
        self._users = [device.user_id for device in devices]
        self._paths = workshop.folder(f"cluster-{name}") / "paths"
        self._paths.write_text("\n".join(f"/ws/{device.user_id}?token={device.token}" for device in devices), "ascii")
        self._first = FIRST_SEQ

    async def load(self, each: int) -> dict[str, float]:
        """Publish so many events for each socket; return how long it took, and the CPU of both ends of the load."""
        first, self._first = self._first, self._first + each
        events = [
            json.dumps(task_event(user, first + number)).encode() for number in range(each) for user in self._users
        ]
        client = await asyncio.create_subprocess_exec(
            *(str(self._program), str(self._cluster.nginx.port), str(self._paths), str(first), str(each)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert client.stdout is not None
        try:
            async with asyncio.timeout(_SECONDS_MAX):
                if await client.stdout.readline() == b"open\n":
                    start, cpu = time.monotonic(), time.process_time()
                    await self._publish(events)
                    cpu = time.process_time() - cpu
                    rest, _ = await client.communicate()
                    if client.returncode == 0:
                        found: dict[str, float] = json.loads(rest)
                        seconds = found["last"] - start
                        own = (found["client_cpu"] + cpu) / seconds
                        return {"events": len(events), "seconds": seconds, "load_cpus": own}
                _, said = await client.communicate()
        except TimeoutError:
            said = b"it took too long"
        finally:
            if client.returncode is None:
                client.kill()
                await client.wait()
        raise BenchError(f"receive failed: {said.decode(errors='replace')[-500:]}")

    async def _publish(self, events: Sequence[bytes]) -> None:
        bus = publisher(self._cluster)
        try:
            for start in range(0, len(events), BATCH):
                await bus.publish(TASK_UPDATES, events[start : start + BATCH])
        finally:
            await bus.close()
