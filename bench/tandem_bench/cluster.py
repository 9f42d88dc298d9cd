"""A cluster of real parts: PostgreSQL, Redis, sidecars, backends, websocket services, load balancer."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import yaml

from tandem_bench.programs import BenchError
from tandem_bench.workshop import Workshop
from tandem_platform.bus_settings import BusSettings
from tandem_platform.dapr_bus import DaprBus
from tandem_platform.dapr_sidecar import Sidecar
from tandem_platform.event_signatures import EventKeys
from tandem_platform.signed_bus import SignedBus
from tandem_testing.cluster.cluster import Cluster
from tandem_testing.postgres import PostgresServer, find_programs

_DATABASE: Final = "tandem"


@asynccontextmanager
async def running_cluster(workshop: Workshop, *, one_at_a_time: bool = False) -> AsyncGenerator[Cluster]:
    """Run two backends and three websocket services on all cores, without TLS; commits wait for the disk.

    Args:
        workshop: Of the run.
        one_at_a_time: Whether sidecars deliver each event by itself and in order, as they do unless told otherwise.

    Raises:
        BenchError: Something is not installed, or does not start.
    """
    programs = find_programs()
    if programs is None:
        raise BenchError("PostgreSQL is missing. On Debian: sudo apt install postgresql")
    # PostgreSQL's user has to reach it, and a socket's path is a short one.
    folder = Path(tempfile.mkdtemp(prefix="tandem-bench-"))
    await asyncio.to_thread(folder.chmod, 0o755)
    server = PostgresServer(programs, folder / "postgres", durable=True)
    try:
        server.keep(_DATABASE)
        try:
            (folder / "parts").mkdir()
            cluster = Cluster(folder / "parts", server.url(_DATABASE), pages=workshop.repository / "frontend/out")
            if one_at_a_time:
                for member in cluster.sockets:
                    _deliver_one_at_a_time(member.sidecar.resources[0])
            try:
                yield await cluster.start()
            finally:
                await cluster.close()
        finally:
            server.stop()
    except (RuntimeError, TimeoutError) as error:
        raise BenchError(f"the cluster does not start: {str(error)[-800:]}") from error
    finally:
        shutil.rmtree(folder)


def publisher(cluster: Cluster) -> SignedBus:
    """Return the backends' own way to the broker, by the sidecar of the first; to be closed."""
    sidecar = cluster.backends[0].sidecar
    settings = BusSettings.model_validate(
        {
            "DAPR_HTTP_PORT": sidecar.http_port,
            "DAPR_API_TOKEN": sidecar.environment["DAPR_API_TOKEN"],
            "TANDEM_EVENT_KEYS": f"first:{cluster.event_key}",
        }
    )
    keys = EventKeys.parse(settings.event_keys.get_secret_value())
    if keys is None:
        raise BenchError("the cluster has no keys for events")
    return SignedBus(DaprBus(Sidecar(settings), {}), keys, time.time)


def _deliver_one_at_a_time(folder: Path) -> None:
    subscription_file, component_file = folder / "subscription.yaml", folder / "pubsub.yaml"
    subscription = yaml.safe_load(subscription_file.read_text())
    del subscription["spec"]["bulkSubscribe"]
    subscription_file.write_text(yaml.safe_dump(subscription))
    component = yaml.safe_load(component_file.read_text())
    for entry in component["spec"]["metadata"]:
        if entry["name"] == "concurrency":
            entry["value"] = "1"
    component_file.write_text(yaml.safe_dump(component))
