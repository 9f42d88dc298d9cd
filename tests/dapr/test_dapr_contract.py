"""The contract of the event bus, kept by real sidecars and Redis with Tandem's own Dapr files."""

import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi import FastAPI, HTTPException, Request

from tandem_platform.bus import EventBus
from tandem_platform.dapr_bus import DaprBus
from tandem_platform.dapr_sidecar import Sidecar
from tandem_testing.bus_contract import BusContract, Subscriber
from tandem_testing.serving import served
from tandem_testing.sidecars import Sidecars
from tandem_websocket.dapr import read_delivery, reply
from tandem_websocket.routes import EVENTS_PATH

pytestmark = pytest.mark.timeout(180)


def subscribing_app(subscriber: Subscriber) -> FastAPI:
    """Return an app that reads deliveries as the websocket service does."""
    app = FastAPI()

    @app.post(EVENTS_PATH)
    async def deliver(request: Request) -> dict[str, Any]:
        delivery = read_delivery(await request.body())
        try:
            await subscriber.handle([orjson.dumps(event) for event in delivery.events])
        except RuntimeError as error:
            raise HTTPException(503) from error
        return reply(delivery, [True] * len(delivery.events))

    return app


class TestDaprBus(BusContract):
    # Sidecars publish and deliver the events of a batch side by side: the consumer sorts, and clients hold what is
    # early (CL2).
    KEEPS_ORDER = False
    SUBSCRIBERS = 3

    @asynccontextmanager
    async def connected(self, subscribers: Sequence[Subscriber]) -> AsyncGenerator[EventBus]:
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tandem-dapr-"))
            self.sidecars = Sidecars(Path(folder))
            stack.callback(self.sidecars.close)
            self.sidecars.start()
            for number, subscriber in enumerate(subscribers):
                port = await stack.enter_async_context(served(subscribing_app(subscriber)))
                await self.sidecars.started("websocket-service", "subscriber", f"websocket-{number}", port)
            publisher = await self.sidecars.started("backend", "publisher", "backend-0")
            bus = DaprBus(Sidecar(self.sidecars.settings(publisher)), {})
            stack.push_async_callback(bus.close)
            yield bus

    @asynccontextmanager
    async def broken(self, subscribers: Sequence[Subscriber]) -> AsyncGenerator[None]:
        """Subscribers that fail are no matter here: the broker keeps the events. It takes none when it is down."""
        del subscribers
        self.sidecars.redis.kill()
        yield
        self.sidecars.redis.start()
