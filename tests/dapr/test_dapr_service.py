"""The websocket service as a process, fed by a real sidecar: it counts what it reads and what it drops."""

import os
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import uuid4

import httpx
import orjson
import pytest

from tandem_backend.services.event_publisher import BATCH
from tandem_platform.bus import TASK_UPDATES
from tandem_platform.dapr_bus import DaprBus
from tandem_platform.event_signatures import EventKeys
from tandem_platform.signed_bus import SignedBus
from tandem_protocol.limits import DESCRIPTION_MAX
from tandem_testing.cluster.cluster import until
from tandem_testing.process import Process, free_port
from tandem_testing.sidecars import Sidecars
from tandem_testing.sockets import task_event

SECRET = "s" * 40


class Service:
    """A running service, and its counters."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/metrics"

    def counted(self, name: str, label: str) -> float:
        """Return a counter; 0 as long as the service does not answer."""
        try:
            text = httpx.get(self._url, trust_env=False).text
        except httpx.TransportError:
            return 0
        prefix = f"tandem_websocket_{name}_total{{{label}}} "
        return sum(float(line.removeprefix(prefix)) for line in text.splitlines() if line.startswith(prefix))


@pytest.fixture
async def service(sidecars: Sidecars, tmp_path: Path) -> AsyncGenerator[Service]:
    """Yield a service that has not yet a backend to ask."""
    port = free_port()
    sidecar = await sidecars.started("websocket-service", "subscriber", "websocket-0", port)
    environment = {
        "PATH": os.environ["PATH"],
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "TANDEM_BUS": "dapr",
        "TANDEM_EVENT_KEYS": f"first:{SECRET}",
        "APP_API_TOKEN": sidecars.app_token,
        "DAPR_API_TOKEN": sidecars.dapr_token,
        "DAPR_HTTP_PORT": str(sidecar.http_port),
    }
    program = Process("websocket", [sys.executable, "-m", "tandem_websocket"], environment, tmp_path)
    program.start()
    yield Service(port)
    program.kill()
    assert "Traceback" not in program.printed


@pytest.fixture
def signed(bus: DaprBus) -> SignedBus:
    return SignedBus(bus, EventKeys({"first": SECRET.encode()}), time.time)


async def test_the_relays_largest_batch_is_read(service: Service, signed: SignedBus) -> None:
    """No limit on the way is below it: the sidecars' on requests, the service's on deliveries."""
    user, text = str(uuid4()), "\N{BALL OF YARN}" * DESCRIPTION_MAX
    events = [task_event(user, seq, description=text) for seq in range(1, BATCH + 1)]
    await signed.publish(TASK_UPDATES, [orjson.dumps(event) for event in events])
    await until(lambda: service.counted("events", f'type="{events[0]["event_type"]}"') >= BATCH)


async def test_what_the_service_cannot_read_is_counted_and_kept_for_people(
    service: Service, signed: SignedBus, bus: DaprBus, sidecars: Sidecars
) -> None:
    """EV9: on the topic `task-updates-poison`, however it is bad."""
    bad = {
        "unknown_type": b'{"event_type":"task.exploded"}',
        "invalid": b'{"event_type":"task.created","seq":"many"}',
    }
    for event in bad.values():
        await signed.publish(TASK_UPDATES, [event])
    await bus.publish(TASK_UPDATES, [b'{"event_type":"canary"}'])
    for reason in (*bad, "unsigned"):
        await until(lambda reason=reason: service.counted("events_dropped", f'reason="{reason}"') == 1)
    for text in (b"task.exploded", b'"many"', b"canary"):
        await until(lambda text=text: text in sidecars.redis.command("XRANGE", "task-updates-poison", "-", "+"))
    # It goes on with what comes then.
    event = task_event(str(uuid4()), 1)
    await signed.publish(TASK_UPDATES, [orjson.dumps(event)])
    await until(lambda: service.counted("events", f'type="{event["event_type"]}"') == 1)
    assert sidecars.redis.command("XLEN", "task-updates-poison") == b":3\r\n"
