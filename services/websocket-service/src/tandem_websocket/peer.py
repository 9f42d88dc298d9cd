"""Where a connection comes from, as far as its handshake says."""

from dataclasses import dataclass
from typing import Self

from starlette.websockets import WebSocket

from tandem_platform.audit import TEXT_MAX
from tandem_platform.request_trace import incoming_trace


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end. ``address`` is what trusted proxies say, ``trace`` the handshake's ``traceparent``."""

    address: str | None = None
    user_agent: str | None = None
    origin: str | None = None
    trace: str | None = None

    @classmethod
    def of(cls, websocket: WebSocket) -> Self:
        """Return the peer of a handshake. Its query and its subprotocols, which hold the token, are left alone."""
        headers = websocket.headers
        return cls(
            address=websocket.client.host if websocket.client else None,
            # Kept as long as the connection is open: no longer than a line of the log shows.
            user_agent=headers.get("user-agent", "")[:TEXT_MAX] or None,
            origin=headers.get("origin", "")[:TEXT_MAX] or None,
            trace=incoming_trace(websocket),
        )
