"""A subscriber for backends of their own: takes events as Dapr would bring them, and remembers their order."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request

from tandem_platform.bus import TASK_UPDATES
from tandem_testing.backend import PATIENCE
from tandem_testing.serving import served

SUCCESS: Final = "SUCCESS"
RETRY: Final = "RETRY"
DROP: Final = "DROP"


class EventCollector:
    """What was published; refuses everything while ``down``. What ``verdict`` says of an event is the answer for it."""

    def __init__(self) -> None:
        self.port = 0
        """Where it listens."""
        self.events: list[dict[str, Any]] = []
        self.down = False
        self.refused = 0
        self.verdict: Callable[[dict[str, Any]], str] = lambda _: SUCCESS
        self.bulks: list[int] = []
        """How many events each request held."""
        self.tokens: set[str | None] = set()
        """What was shown in ``dapr-api-token``."""
        self._changed = asyncio.Condition()

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}"

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

    async def deliver(self, request: Request, batch: dict[str, Any]) -> dict[str, Any]:
        """Take a bulk of events, as Dapr posts it. Those that are not taken are not kept either."""
        async with self._changed:
            self._changed.notify_all()
            if self.down:
                self.refused += 1
                raise HTTPException(503)
            self.tokens.add(request.headers.get("dapr-api-token"))
            self.bulks.append(len(batch["entries"]))
            statuses: list[dict[str, Any]] = []
            for entry in batch["entries"]:
                event = entry["event"]["data"]
                statuses.append({"entryId": entry["entryId"], "status": self.verdict(event)})
                if statuses[-1]["status"] == SUCCESS:
                    self.events.append(event)
        return {"statuses": statuses}


@asynccontextmanager
async def event_collector() -> AsyncGenerator[EventCollector]:
    """Serve a collector on a free port of this machine."""
    collector = EventCollector()
    app = FastAPI()
    app.post(f"/events/{TASK_UPDATES}")(collector.deliver)
    async with served(app) as collector.port:
        yield collector
