"""The websocket service as one object: its parts put together, how it starts, works and ends."""

import asyncio
import logging
from collections.abc import Sequence

import orjson

from tandem_platform.clock import Clock
from tandem_platform.observability import Observability
from tandem_platform.rate_limit import Rate
from tandem_platform.tokens import TokenVerifier
from tandem_protocol.ids import RandomBytes, uuid7
from tandem_websocket.admission import Admission
from tandem_websocket.audit import SocketAudit
from tandem_websocket.authentication import Authenticator, RefreshKeys
from tandem_websocket.backend_client import HeadsSource
from tandem_websocket.broadcaster import Broadcaster
from tandem_websocket.canary import Canary
from tandem_websocket.consumer import Consumer
from tandem_websocket.event_gate import EventGate
from tandem_websocket.event_source import EventSource
from tandem_websocket.heartbeat import Heartbeat
from tandem_websocket.message_limits import MessageLimits
from tandem_websocket.metrics import Metrics
from tandem_websocket.newcomers import Newcomers
from tandem_websocket.receiver import ReceiverContext
from tandem_websocket.revocations import Revocations
from tandem_websocket.routes import build_events_router, build_router
from tandem_websocket.settings import SocketSettings
from tandem_websocket.sockets import Sockets, Surroundings
from tandem_websocket.upkeep import KeyKeeper, sweep

logger = logging.getLogger(__name__)


class WebSocketService:
    """Sockets, what feeds them, and what runs beside them."""

    def __init__(
        self,
        settings: SocketSettings,
        *,
        verifier: TokenVerifier,
        refresh_keys: RefreshKeys | None,
        heads: HeadsSource,
        surroundings: Surroundings,
        source: EventSource,
    ) -> None:
        """Put the parts together; nothing runs before `start`.

        Args:
            settings: What the operator chose.
            verifier: Checks access tokens.
            refresh_keys: Fetches the public keys again; None where they never change.
            heads: Tells the heads for the pings.
            surroundings: Time and randomness.
            source: Where events come from.
        """
        clock = surroundings.clock
        metrics = Metrics()
        revocations = Revocations()
        authenticator = Authenticator(verifier, refresh_keys, revocations)
        broadcaster = Broadcaster(max_connections_per_user=settings.max_connections_per_user, metrics=metrics)
        limits = MessageLimits(Rate(settings.max_messages_per_minute, 60.0), clock.monotonic)
        observability = surroundings.observability
        self._audit = SocketAudit(
            observability.audit, each_delivery=settings.audit_deliveries == "each", monotonic=clock.monotonic
        )
        context = ReceiverContext(broadcaster, authenticator, limits, metrics, self._audit, settings.max_frame_bytes)
        admission = Admission(authenticator, settings.allowed_origins)
        self._consumer = Consumer(
            broadcaster,
            revocations,
            metrics,
            clock.monotonic,
            EventGate(source.keys, clock.now),
            self._audit,
            observability.tracing,
        )
        self._newcomers = Newcomers(heads, self._consumer.end_sessions)
        self._sockets = Sockets(settings, admission, revocations, self._newcomers, context, surroundings)
        self._heartbeat = Heartbeat(
            broadcaster,
            heads,
            interval=settings.heartbeat_interval,
            end_sessions=self._consumer.end_sessions,
            metrics=metrics,
        )
        self._canary = (
            None
            if source.path is None
            else Canary(source.path, metrics, lambda: uuid7(int(clock.now() * 1000), surroundings.random_bytes))
        )
        if self._canary is not None:
            self._consumer.on_canary = self._canary.arrived
            self._consumer.on_refused = self._canary.refused
        self._keys = None if refresh_keys is None else KeyKeeper(refresh_keys)
        self._jobs = (
            lambda: broadcaster.close_expired(clock.now()),
            lambda: revocations.forget_old(clock.monotonic()),
            limits.forget_idle,
            self._audit.sum_up_when_due,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self.registry = metrics.registry
        """The Prometheus metrics."""
        self.router = build_router(self._sockets, broadcaster, settings.operator_token)
        """The sockets and ``/status``."""
        self.events_router = build_events_router(
            self._consumer, source.sidecar_token, _ignore if self._canary is None else self._canary.refused
        )
        """Events by HTTP, from Dapr. Not for a process that has them from its own bus."""

    async def start(self) -> None:
        """Begin to ping, to close what expires, and to fetch keys."""
        self._tasks = [
            asyncio.create_task(self._heartbeat.run(), name="heartbeat"),
            asyncio.create_task(self._newcomers.run(), name="newcomers"),
            asyncio.create_task(sweep(*self._jobs), name="sweep"),
        ]
        if self._keys is not None:
            self._tasks.append(asyncio.create_task(self._keys.run(), name="key keeper"))
        if self._canary is not None:
            self._tasks.append(asyncio.create_task(self._canary.run(), name="canary"))

    async def drain(self) -> None:
        """Take nobody in any more, tell every client to come back, and close (WS9). Takes about a second at most."""
        await self._sockets.drain()

    async def stop(self) -> None:
        """End what `start` began."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self._audit.sum_up()

    async def handle(self, events: Sequence[bytes]) -> None:
        """Take a batch of events from the bus, each one JSON document; see `Consumer.consume`."""
        documents: list[object] = []
        for event in events:
            try:
                documents.append(orjson.loads(event))
            except orjson.JSONDecodeError:
                documents.append(None)
        self._consumer.consume(documents)

    def not_ready(self) -> list[str]:
        """Return why the service cannot do its work; empty when it can."""
        reasons: list[str] = []
        if not self._tasks:
            reasons.append("the service is not started")
        if self._sockets.draining:
            reasons.append("the service is going down")
        if self._keys is not None and self._keys.missing is not None:
            reasons.append(self._keys.missing)
        if self._canary is not None and self._canary.missing is not None:
            reasons.append(self._canary.missing)
        reasons.extend(f"the service's {task.get_name()} has ended" for task in self._tasks if task.done())
        return reasons


def build_service(
    settings: SocketSettings,
    *,
    verifier: TokenVerifier,
    refresh_keys: RefreshKeys | None,
    heads: HeadsSource,
    clock: Clock,
    random_bytes: RandomBytes,
    source: EventSource | None = None,
    observability: Observability | None = None,
) -> WebSocketService:
    """Create the service.

    Args:
        settings: What the operator chose.
        verifier: Checks access tokens.
        refresh_keys: Fetches the public keys again; None where they never change.
        heads: Tells the heads for the pings.
        clock: Time.
        random_bytes: Randomness, such as ``os.urandom``.
        source: Where events come from, if not from a bus of this process.
        observability: Takes audit lines and spans; nobody does if it is not given.
    """
    return WebSocketService(
        settings,
        verifier=verifier,
        refresh_keys=refresh_keys,
        heads=heads,
        surroundings=Surroundings(clock, random_bytes, observability or Observability()),
        source=source or EventSource(),
    )


def _ignore(_: str) -> None:
    """Hear what nobody wants to know."""
