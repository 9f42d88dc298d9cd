"""Messages to clients, serialised once however many sockets get them (WS1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from pydantic import BaseModel

from tandem_protocol.messages import Heads, Ping, Pong, SocketError, TaskUpdate

_TASK_UPDATE_FIELDS: Final = tuple(name for name in TaskUpdate.model_fields if name not in {"type", "event"})


@dataclass(frozen=True, slots=True)
class Frame:
    """A finished message. ``size`` is its length in bytes; ``ping`` marks a heartbeat (WS3), ``delivery`` an event."""

    text: str
    size: int
    ping: bool = False
    delivery: bool = False


def encode(message: BaseModel) -> Frame:
    """Serialise a message."""
    return _frame(message.model_dump_json().encode())


def encode_ping(heads: Heads | None) -> Frame:
    """Serialise a heartbeat; ``heads`` is left out when there are none to tell (WS2)."""
    message = Ping(heads=heads)
    return _frame(message.model_dump_json(exclude={"heads"} if heads is None else None).encode(), ping=True)


def encode_task_update(event: Mapping[str, Any]) -> Frame:
    """Serialise what clients may see of a task event: all but its audience and the event's own id.

    Args:
        event: The JSON document of a valid `TaskEvent`.
    """
    update = {"type": "task_update", "event": event["event_type"]}
    update.update((name, event[name]) for name in _TASK_UPDATE_FIELDS)
    return _frame(orjson.dumps(update), delivery=True)


def _frame(data: bytes, *, ping: bool = False, delivery: bool = False) -> Frame:
    return Frame(data.decode(), len(data), ping, delivery)


PONG: Final = encode(Pong())
RATE_LIMITED: Final = encode(SocketError(code="rate_limited", detail="too many messages; wait a little"))
NOT_KNOWN: Final = encode(SocketError(code="invalid_message", detail="that is no message of this protocol"))
NOT_TEXT: Final = encode(SocketError(code="invalid_message", detail="messages are JSON objects in text frames"))
