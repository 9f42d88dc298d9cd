"""The relay from the outbox to the event bus (EV1 to EV4, EV8).

One task publishes, in order, while this backend leads. It is woken by commits, here and in other backends, and looks by
itself now and then, so a lost wake-up costs a second and no event. What it published it removes a little later, many
events at a time: a removal of its own for each event would double the commits. Killed in between, its successor
publishes them again, which clients do not notice (CL2).
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from tandem_backend.services.events import traces_of
from tandem_backend.storage import outbox
from tandem_backend.storage.database import Database, StorageFullError, StorageUnavailableError
from tandem_backend.storage.leadership import AlwaysLeader, Leadership
from tandem_backend.storage.outbox import StoredEvent
from tandem_platform.bus import TASK_UPDATES, BusUnavailableError, EventBus
from tandem_platform.tracing import NoTracing, Tracing

logger = logging.getLogger(__name__)

BATCH: Final = 400
"""Events that are handed to the bus at once."""
_REMOVE_AT: Final = 200
_IDLE_SECONDS: Final = 1.0
_RETRY_FIRST: Final = 0.1
_RETRY_MAX: Final = 5.0
_ASIDE_FIRST: Final = 4
_ASIDE_MAX: Final = 16
"""Batches that the bus refuses in a row until another backend may try by its own way to the bus: after a second at
first, twice as many each time that nobody had success, so that a bus that is down for all is no cause for haste."""


class EventPublisher:
    """Publishes what is in the outbox."""

    def __init__(
        self,
        database: Database,
        bus: EventBus,
        *,
        registry: CollectorRegistry,
        jitter: Callable[[], float],
        leadership: Leadership | None = None,
        tracing: Tracing | None = None,
        topic: str = TASK_UPDATES,
    ) -> None:
        """Create the relay; it wakes with each commit of ``database``.

        Args:
            database: Where the outbox is.
            bus: Where the events go.
            registry: Where the metrics go.
            jitter: Random numbers from 0 to 1 that spread retries.
            leadership: Says when to publish; always, if it is not given.
            tracing: Takes a span for each batch, linked to what its events came from.
            topic: The bus's topic.
        """
        self._database = database
        self._bus = bus
        self._topic = topic
        self._jitter = jitter
        self._leadership: Leadership = leadership or AlwaysLeader()
        self._tracing = tracing or NoTracing()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._published: set[int] = set()
        self._failures = 0
        self._aside_after = _ASIDE_FIRST
        self._task: asyncio.Task[None] | None = None
        self._count = Counter("tandem_events_published", "Events handed to the bus", registry=registry)
        self._failed = Counter("tandem_publish_failures", "Batches that the bus did not take", registry=registry)
        self._backlog = Gauge("tandem_outbox_backlog", "Events that the bus does not take", registry=registry)
        leader = Gauge("tandem_relay_leader", "Whether this backend publishes the events", registry=registry)
        leader.set_function(lambda: float(self._leadership.leads))
        database.on_commit(self._on_commit)

    def start(self) -> None:
        """Begin to publish, with what an earlier process left behind first."""
        self._wake.set()
        self._leadership.start(self._wake.set)
        self._task = asyncio.create_task(self._run(), name="event-publisher")

    async def stop(self, patience: float = 1.0) -> None:
        """Publish what is left, for at most ``patience`` seconds, then stop. The rest stays for the next leader."""
        if self._task is None:
            return
        self._idle.clear()
        self._wake.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), patience)
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        try:
            with contextlib.suppress(StorageUnavailableError, StorageFullError):
                await self._remove()
        finally:
            await self._leadership.stop()

    @property
    def stuck(self) -> bool:
        """Whether the bus has refused the last batches."""
        return self._failures > 0

    def _on_commit(self) -> None:
        self._wake.set()
        self._leadership.announce()

    async def _run(self) -> None:
        while True:
            try:
                await self._publish_waiting()
            except (BusUnavailableError, StorageUnavailableError, StorageFullError) as error:
                await self._back_off(error)
                continue
            except asyncio.CancelledError as error:
                # Of something that the bus waited for, unless somebody asked this task to end.
                if (task := asyncio.current_task()) is None or task.cancelling():
                    raise
                await self._back_off(error)
                continue
            except Exception:
                # A bug must not silence the relay for good; the events stay where they are.
                logger.exception("publishing failed")
                await self._back_off(None)
                continue
            self._failures = 0
            self._backlog.set(0)
            if not self._wake.is_set():
                self._idle.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _IDLE_SECONDS)

    async def _publish_waiting(self) -> None:
        quiet = not self._wake.is_set()
        self._wake.clear()
        while await self._leadership.confirm() and (batch := await self._read()):
            if not await self._leadership.confirm():
                # This process stood still while it read.
                break
            quiet = False
            await self._publish([stored.event for stored in batch])
            self._published.update(stored.id for stored in batch)
            self._count.inc(len(batch))
            self._aside_after = _ASIDE_FIRST
            if len(self._published) >= _REMOVE_AT:
                await self._remove()
        # Another leader would publish them again.
        if quiet or not self._leadership.leads:
            await self._remove()

    async def _publish(self, events: Sequence[bytes]) -> None:
        if not self._tracing.recording:
            await self._bus.publish(self._topic, events)
            return
        with self._tracing.span(f"publish {self._topic}", "producer", None, traces_of(events)):
            await self._bus.publish(self._topic, events)

    async def _read(self) -> list[StoredEvent]:
        known = frozenset(self._published)
        return await self._database.read(lambda connection: outbox.waiting(connection, known, BATCH))

    async def _remove(self) -> None:
        ids = sorted(self._published)
        if not ids:
            return
        await self._database.write(lambda connection: outbox.remove(connection, ids))
        self._published.clear()

    async def _back_off(self, error: BaseException | None) -> None:
        self._failures += 1
        self._failed.inc()
        if error is not None and self._failures == 1:
            logger.warning("events wait in the outbox: %s", str(error) or type(error).__name__)
        # A gauge must not end the relay, whatever ails the database.
        with contextlib.suppress(Exception):
            self._backlog.set(await self._database.read(outbox.size) - len(self._published))
        if self._failures >= self._aside_after and not isinstance(error, StorageUnavailableError | StorageFullError):
            self._aside_after = min(_ASIDE_MAX, self._aside_after * 2)
            # What is published already, the other one would publish again.
            with contextlib.suppress(Exception):
                await self._remove()
            self._leadership.step_aside()
        wait = min(_RETRY_MAX, _RETRY_FIRST * 2 ** min(self._failures, 10))
        await asyncio.sleep(wait * (0.5 + self._jitter() / 2))
