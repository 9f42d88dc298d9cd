"""Redis and sidecars with Tandem's own files: they start in a moment, so each test has its own."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from tandem_platform.dapr_bus import DaprBus
from tandem_platform.dapr_sidecar import Sidecar
from tandem_testing.daprd import Daprd
from tandem_testing.event_collector import EventCollector, event_collector
from tandem_testing.sidecars import Sidecars


@pytest.fixture
def sidecars(tmp_path: Path) -> Generator[Sidecars]:
    """Yield sidecars; Redis runs."""
    made = Sidecars(tmp_path / "sidecars")
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
async def publisher(sidecars: Sidecars) -> Daprd:
    """Return a backend's sidecar."""
    return await sidecars.started("backend", "publisher", "backend-0")


@pytest.fixture
async def bus(sidecars: Sidecars, publisher: Daprd) -> AsyncGenerator[DaprBus]:
    """Yield a backend's bus."""
    bus = DaprBus(Sidecar(sidecars.settings(publisher)), {})
    yield bus
    await bus.close()


@pytest.fixture
async def collector() -> AsyncGenerator[EventCollector]:
    """Yield an app that takes events."""
    async with event_collector() as collector:
        yield collector


@pytest.fixture
async def subscriber(sidecars: Sidecars, collector: EventCollector) -> Daprd:
    """Return the sidecar of the app that takes events."""
    return await sidecars.started("websocket-service", "subscriber", "websocket-0", collector.port)
