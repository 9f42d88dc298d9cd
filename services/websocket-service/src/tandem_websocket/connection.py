"""One client's socket: a port, and its implementation over ASGI.

The broadcaster works on the port alone. An implementation that writes finished frames straight to the
transport can take the place of this one.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect

from tandem_platform.tokens import AccessClaims
from tandem_platform.websocket_protocol import ABORT_EXTENSION
from tandem_protocol.close_codes import CloseCode
from tandem_websocket.frames import Frame
from tandem_websocket.peer import Peer

CLOSE_SECONDS: Final = 5.0
"""How long a closing connection may take to read what is still to be sent; then it is dropped."""
_PINGS_UNANSWERED_MAX: Final = 2
"""Pongs that a client may still send for free (WS3); it need not answer, so they must not add up."""
_NO_CLOSE_FRAME: Final = 1006
"""What RFC 6455 calls the end of a connection without a word."""
_GONE: Final = (OSError, RuntimeError, WebSocketDisconnect)
"""What servers raise when one sends to a client that has left."""


class Connection(Protocol):
    """A socket to which messages can be handed. Nothing here ever waits (WS7)."""

    id: str
    user_id: str
    session_id: str
    peer: Peer
    expires_at: float
    pings_unanswered: int

    def send(self, frame: Frame) -> bool:
        """Take a frame to send; False if the buffer is past its bound. Ignored once the socket is closing."""
        ...

    def close(self, code: CloseCode) -> None:
        """Send what is waiting (nothing to a slow consumer), then close. Only the first call counts."""
        ...

    def abort(self) -> None:
        """Drop the connection at once."""
        ...


class AsgiConnection:
    """A `Connection` over an accepted ASGI WebSocket, with a buffer and a task that writes from it."""

    def __init__(
        self,
        websocket: WebSocket,
        *,
        connection_id: str,
        claims: AccessClaims,
        buffer_bytes: int,
    ) -> None:
        """Create the connection.

        Args:
            websocket: Accepted.
            connection_id: Told to the client in ``hello``.
            claims: What its token says.
            buffer_bytes: How much may wait to be sent.
        """
        self.id = connection_id
        self.user_id = claims.user_id
        self.session_id = claims.session_id
        self.peer = Peer.of(websocket)
        self.expires_at = claims.expires_at
        self.pings_unanswered = 0
        self.deliveries = 0
        """Task updates that were handed to it."""
        self.messages = 0
        """Messages that its client has sent."""
        self._client_code = _NO_CLOSE_FRAME
        self._websocket = websocket
        self._buffer_bytes = buffer_bytes
        self._waiting: deque[Frame] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._closing: CloseCode | None = None
        self._deadline: asyncio.Timeout | None = None

    @property
    def closing(self) -> bool:
        """Whether the service has decided to close it."""
        return self._closing is not None

    @property
    def close_code(self) -> int:
        """The code it was closed with: the service's own, or the client's."""
        return self._client_code if self._closing is None else int(self._closing)

    def send(self, frame: Frame) -> bool:
        """See `Connection.send`."""
        if self._closing is not None:
            return True
        if self._waiting_bytes + frame.size > self._buffer_bytes:
            return False
        self._waiting.append(frame)
        self._waiting_bytes += frame.size
        if frame.delivery:
            self.deliveries += 1
        elif frame.ping:
            self.pings_unanswered = min(self.pings_unanswered + 1, _PINGS_UNANSWERED_MAX)
        self._wake.set()
        return True

    def close(self, code: CloseCode) -> None:
        """See `Connection.close`."""
        if self._closing is not None:
            return
        self._closing = code
        if code is CloseCode.SLOW_CONSUMER:
            self._waiting.clear()
            self._waiting_bytes = 0
        self._wake.set()
        self._end_within(CLOSE_SECONDS)

    def abort(self) -> None:
        """See `Connection.abort`."""
        self._closing = self._closing or CloseCode.SERVICE_RESTART
        self._drop()
        # Where the server has no such extension, the end of the application closes the connection.
        self._end_within(0)

    async def run(self, handle: Callable[[str | bytes], Awaitable[None]]) -> None:
        """Hand on what the client sends, and write what is waiting for it, until either side is done.

        Args:
            handle: Takes each message: text, or the bytes of a binary frame.
        """
        writer = asyncio.create_task(self._write())
        try:
            async with asyncio.timeout(CLOSE_SECONDS if self.closing else None) as self._deadline:
                while (message := await self._receive()) is not None:
                    if not self.closing:
                        await handle(message)
        except TimeoutError:
            self._drop()
        finally:
            self._deadline = None
            self._waiting.clear()
            writer.cancel()

    async def _receive(self) -> str | bytes | None:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            self._client_code = int(message.get("code", _NO_CLOSE_FRAME))
            return None
        self.messages += 1
        text: str | None = message.get("text")
        return message.get("bytes", b"") if text is None else text

    async def _write(self) -> None:
        with contextlib.suppress(*_GONE):
            while True:
                while self._waiting:
                    frame = self._waiting[0]
                    await self._websocket.send({"type": "websocket.send", "text": frame.text})
                    if self._waiting:
                        self._waiting.popleft()
                        self._waiting_bytes -= frame.size
                if self._closing is not None:
                    reason = self._closing.name.lower().replace("_", " ")
                    await self._websocket.send(
                        {"type": "websocket.close", "code": int(self._closing), "reason": reason}
                    )
                    return
                self._wake.clear()
                await self._wake.wait()

    def _drop(self) -> None:
        extension: dict[str, Any] = self._websocket.scope.get("extensions", {}).get(ABORT_EXTENSION, {})
        abort: Callable[[], None] | None = extension.get("abort")
        if abort is not None:
            abort()

    def _end_within(self, seconds: float) -> None:
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(asyncio.get_running_loop().time() + seconds)
