"""Messages of the socket, one JSON object a text frame."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tandem_protocol.base import Identifier, Inward, Outward, Timestamp
from tandem_protocol.events import Actor, TaskEventType
from tandem_protocol.tasks import Task


class SpaceHead(Outward):
    """Where a space stands: its history and its last change."""

    epoch: Identifier
    head: int


Heads = dict[Identifier, SpaceHead]


class Hello(Outward):
    """The first message of a connection (HS4). Intervals are seconds."""

    type: Literal["hello"] = "hello"
    protocol: int
    connection_id: Identifier
    heartbeat_interval: float
    token_expires_at: Timestamp


class TaskUpdate(Outward):
    """A change of a task that this user may see."""

    type: Literal["task_update"] = "task_update"
    event: TaskEventType
    task: Task
    timestamp: Timestamp
    space: Identifier
    epoch: Identifier
    seq: int
    actor: Actor
    mutation: str


class Ping(Outward):
    """The heartbeat (WS2). ``heads`` is missing when the backend did not answer."""

    type: Literal["ping"] = "ping"
    timestamp: None = None
    heads: Heads | None = None


class Pong(Outward):
    """The answer to a client's ``ping`` (WS3)."""

    type: Literal["pong"] = "pong"


class SocketError(Outward):
    """Something that the client sent was refused; the connection stays open."""

    type: Literal["error"] = "error"
    code: Literal["invalid_message", "message_too_large", "rate_limited", "invalid_token"]
    detail: str


class TokenAccepted(Outward):
    """The connection lives on with the new token, until ``expires_at`` (WS4)."""

    type: Literal["token_accepted"] = "token_accepted"
    expires_at: Timestamp


class Reconnect(Outward):
    """The service goes down; come back after ``after_ms`` milliseconds (WS9)."""

    type: Literal["reconnect"] = "reconnect"
    after_ms: int


ServerMessage = Annotated[
    Hello | TaskUpdate | Ping | Pong | SocketError | TokenAccepted | Reconnect, Field(discriminator="type")
]


class ClientPong(Inward):
    """The optional answer to the heartbeat (WS3)."""

    type: Literal["pong"]


class ClientPing(Inward):
    """Asks whether the connection is alive (WS3, CL12)."""

    type: Literal["ping"]


class ClientToken(Inward):
    """A fresh access token for this connection (WS4)."""

    type: Literal["token"]
    token: Annotated[str, StringConstraints(min_length=1, max_length=8192)]


ClientMessage = Annotated[ClientPong | ClientPing | ClientToken, Field(discriminator="type")]
