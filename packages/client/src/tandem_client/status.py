"""What a client says of itself."""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Where the connection is."""

    CONNECTING = "connecting"
    CATCHING_UP = "catching up"
    """The socket is open, and the pull after it is not through (CL4)."""
    LIVE = "live"
    WAITING = "waiting"
    """Between two tries."""
    POLLING = "polling"
    """The server wants no socket of this client, which looks for changes now and then."""
    ENDED = "ended"
    """The session is over, or the client was closed."""


@dataclass(frozen=True, slots=True)
class Status:
    """An honest word: ``reason`` says why the connection is not live, ``unsent`` counts edits without an answer."""

    phase: Phase
    reason: str
    unsent: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """An edit that the server refused for good, with its reason (CL9)."""

    key: str
    task_id: str
    code: str
    reason: str
