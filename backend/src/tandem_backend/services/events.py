"""The documents that are published, built where their change is made."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from tandem_backend.domain.moments import wire
from tandem_backend.services.mutations import Mutation
from tandem_backend.storage.sessions import Actor
from tandem_backend.storage.spaces import Advance
from tandem_protocol.events import TaskEventType


def task_event(
    kind: TaskEventType,
    task: dict[str, Any],
    *,
    place: Advance,
    actor: Actor,
    mutation: Mutation,
    audience: Sequence[str],
) -> bytes:
    """Return a `tandem_protocol.events.TaskEvent` as JSON.

    Args:
        kind: What happened (EV5).
        task: The task's document after the change.
        place: Epoch and ``seq`` of the change.
        actor: Who did it.
        mutation: The write that did it.
        audience: Who may see it (EV6).
    """
    event: dict[str, Any] = {
        "event_type": kind.value,
        "event_id": mutation.event_id,
        "user_id": task["user_id"],
        "task": task,
        "space": task["space"],
        "epoch": place.epoch,
        "seq": place.seq,
        "timestamp": wire(mutation.now),
        "actor": {
            "user_id": actor.user_id,
            "name": actor.name,
            "device_id": actor.session_id,
            "device": actor.device,
        },
        "mutation": mutation.name,
        "audience": audience,
    }
    return _traced(event, mutation.trace)


def canary(event_id: str, now: int) -> bytes:
    """Return a `tandem_protocol.events.Canary` as JSON (EV10)."""
    return orjson.dumps({"event_type": "canary", "event_id": event_id, "timestamp": wire(now)})


def session_revoked(
    *, event_id: str, user_id: str, sessions: Sequence[str], now: int, trace: str | None = None
) -> bytes:
    """Return a `tandem_protocol.events.SessionRevoked` as JSON (EV7)."""
    event: dict[str, Any] = {
        "event_type": "session.revoked",
        "event_id": event_id,
        "user_id": user_id,
        "sessions": sessions,
        "timestamp": wire(now),
    }
    return _traced(event, trace)


def traces_of(events: Iterable[bytes]) -> list[str]:
    """Return the ``traceparent`` of each event that has one."""
    traces: Iterable[str | None] = (orjson.loads(event).get("trace") for event in events)
    return [trace for trace in traces if trace is not None]


def _traced(event: dict[str, Any], trace: str | None) -> bytes:
    if trace is not None:
        event["trace"] = trace
    return orjson.dumps(event)
