"""Events from the bus, on their way to sockets: the same path for the in-process bus and for Dapr."""

import logging
from collections.abc import Callable, Sequence
from typing import Final

from pydantic import ValidationError

from tandem_platform.bus import TASK_UPDATES
from tandem_platform.event_signatures import BadSignatureError, StaleEventError
from tandem_platform.tracing import Tracing
from tandem_protocol.events import Canary, SessionRevoked, TaskEvent, TaskEventType
from tandem_websocket.audit import SocketAudit
from tandem_websocket.broadcaster import Broadcaster
from tandem_websocket.event_gate import Document, EventGate
from tandem_websocket.frames import encode_task_update
from tandem_websocket.metrics import Metrics
from tandem_websocket.revocations import Revocations

logger = logging.getLogger(__name__)

_TASK_EVENTS: Final = frozenset(kind.value for kind in TaskEventType)
_SESSION_REVOKED: Final = "session.revoked"
_CANARY: Final = "canary"


class Consumer:
    """Hands task events to those who may see them, and closes the sockets of ended sessions."""

    def __init__(
        self,
        broadcaster: Broadcaster,
        revocations: Revocations,
        metrics: Metrics,
        monotonic: Callable[[], float],
        gate: EventGate,
        audit: SocketAudit,
        tracing: Tracing,
    ) -> None:
        """Create it.

        Args:
            broadcaster: Reaches the sockets.
            revocations: Remembers ended sessions.
            metrics: Where events are counted.
            monotonic: Seconds of a clock that does not go back.
            gate: Lets events in.
            audit: Told of deliveries, ended sessions and forged events.
            tracing: Takes a span for each delivery.
        """
        self._broadcaster = broadcaster
        self._revocations = revocations
        self._metrics = metrics
        self._monotonic = monotonic
        self._gate = gate
        self._audit = audit
        self._tracing = tracing
        self.on_canary: Callable[[str], None] = lambda _: None
        """Called with the id of each canary (EV10)."""
        self.on_refused: Callable[[str], None] = lambda _: None
        """Called with what is wrong when an event is not let in (EV9)."""

    def consume(self, documents: Sequence[object]) -> list[bool]:
        """Take a batch of events, which may be in any order.

        Args:
            documents: The events as decoded JSON; anything that is none is dropped and counted.

        Returns:
            For each document whether it was an event. One that was not will be none the next time either.
        """
        understood: list[bool] = []
        updates: list[tuple[TaskEvent, Document]] = []
        for received in documents:
            try:
                document = self._gate.admit(received)
            except BadSignatureError as error:
                self.drop(error.reason)
                if self._gate.verifies:
                    self.on_refused(f"{error}; backend and websocket service need the same TANDEM_EVENT_KEYS")
                    self._audit.forged_event(reason=error.reason, key=error.key)
                understood.append(False)
                continue
            except StaleEventError:
                # Of a backlog that nobody waits for: who was connected has pulled, who connects will.
                self._metrics.events_dropped.labels("stale").inc()
                self.on_refused("they were signed long ago or in the future; compare the machines' clocks")
                understood.append(True)
                continue
            event = self._parse(document)
            understood.append(event is not None)
            match event:
                case SessionRevoked():
                    self.end_sessions(event.sessions, event.user_id, event.trace)
                case Canary():
                    self.on_canary(event.event_id)
                case TaskEvent():
                    updates.append((event, document))
                case None:
                    pass
        # The broker may have mixed them up; in order they spare clients the wait for a gap to close (CL2).
        updates.sort(key=lambda update: (update[0].space, update[0].seq))
        for event, document in updates:
            self._deliver(event, document)
        return understood

    def end_sessions(self, sessions: Sequence[str], user_id: str | None = None, trace: str | None = None) -> None:
        """Close the sockets of ended sessions and let none of them in again (AU5, WS8).

        Args:
            sessions: Which sessions.
            user_id: Whose they are, if that is known.
            trace: The ``traceparent`` of the request that ended them.
        """
        for session_id in sessions:
            self._revocations.add(session_id, self._monotonic())
        sockets = self._broadcaster.close_sessions(sessions, user_id)
        self._audit.sessions_revoked(sessions, sockets, user_id, trace)

    def drop(self, reason: str) -> None:
        """Count and log something that is no event. What it said stays out of the log (AU6)."""
        self._metrics.events_dropped.labels(reason).inc()
        logger.warning("an event was dropped: %s", reason.replace("_", " "))

    def _parse(self, document: Document) -> TaskEvent | SessionRevoked | Canary | None:
        kind = document.get("event_type")
        try:
            if kind in _TASK_EVENTS:
                event = TaskEvent.model_validate(document)
            elif kind == _SESSION_REVOKED:
                event = SessionRevoked.model_validate(document)
            elif kind == _CANARY:
                event = Canary.model_validate(document)
            else:
                self.drop("unknown_type")
                return None
        except ValidationError:
            self.drop("invalid")
            return None
        self._metrics.events.labels(str(kind)).inc()
        return event

    def _deliver(self, event: TaskEvent, document: Document) -> None:
        audience = frozenset(event.audience)
        if not self._broadcaster.is_connected(audience):
            return
        if self._tracing.recording:
            with self._tracing.span(f"deliver {TASK_UPDATES}", "consumer", event.trace):
                sockets = self._broadcaster.deliver(encode_task_update(document), audience)
        else:
            sockets = self._broadcaster.deliver(encode_task_update(document), audience)
        self._metrics.deliveries.inc(sockets)
        self._audit.delivered(event, sockets)
