"""What the websocket service asks of the backend (guarded by a token; not for browsers)."""

from typing import Annotated

from pydantic import Field

from tandem_protocol.base import Identifier, Inward, Outward
from tandem_protocol.messages import Heads

HEADS_BATCH_MAX = 2_000
"""Users, and sessions, in one request: some 160 KB of JSON."""


class HeadsRequest(Inward):
    """The users whose heads are wanted, and the sessions whose end would close sockets."""

    users: Annotated[list[Identifier], Field(max_length=HEADS_BATCH_MAX)]
    sessions: Annotated[list[Identifier], Field(max_length=HEADS_BATCH_MAX)]


class CanaryRequest(Inward):
    """Asks for a `tandem_protocol.events.Canary` with this ``event_id`` on the event bus (EV10)."""

    event_id: Identifier


class HeadsReply(Outward):
    """The heads of each user's spaces, and which sessions have ended (heals a lost ``session.revoked``)."""

    heads: dict[Identifier, Heads]
    ended: list[Identifier]
