"""A subscriber for backends of their own: takes events as Dapr would bring them, and remembers their order."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException

from tandem_platform.bus import TASK_UPDATES
from tandem_platform.server import bind
from tandem_testing.backend import PATIENCE


class EventCollector:
    """What was published; refuses everything while ``down``."""

    def __init__(self, url: str) -> None:
        """Create it; ``url`` is where it listens."""
        self.url = url
        self.events: list[dict[str, Any]] = []
        self.down = False
        self.refused = 0
        self._changed = asyncio.Condition()

    def seqs(self, space: str) -> list[int]:
        """Return the numbers of a space's events as they came, repetitions included."""
        return [event["seq"] for event in self.events if event.get("space") == space]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds, which is looked at whenever somebody publishes.

        Raises:
            TimeoutError: It never did.
        """
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(holds)

    async def deliver(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Take a bulk of events, as Dapr posts it."""
        async with self._changed:
            self._changed.notify_all()
            if self.down:
                self.refused += 1
                raise HTTPException(503)
            self.events.extend(entry["event"]["data"] for entry in batch["entries"])
        return {"statuses": [{"entryId": entry["entryId"], "status": "SUCCESS"} for entry in batch["entries"]]}


@asynccontextmanager
async def event_collector() -> AsyncGenerator[EventCollector]:
    """Serve a collector on a free port of this machine."""
    listener = bind("127.0.0.1", 0)
    collector = EventCollector(f"http://127.0.0.1:{listener.getsockname()[1]}")
    app = FastAPI()
    app.post(f"/events/{TASK_UPDATES}")(collector.deliver)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield collector
    finally:
        server.should_exit = True
        await serving
