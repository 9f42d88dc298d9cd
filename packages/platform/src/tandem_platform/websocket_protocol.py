"""uvicorn's WebSocket protocol, mended where a client could make it log a traceback or hold memory for ever.

The only file that touches what uvicorn keeps to itself; the websocket service's tests show what each mend is
for, and fail when a new version of uvicorn changes it.
"""

from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request

ABORT_EXTENSION: Final = "tandem.abort"
"""An ASGI extension: ``scope["extensions"][ABORT_EXTENSION]["abort"]()`` drops the connection at once.

Closing it would wait until the client has read what was sent, which may be never.
"""
_CLOSE_SECONDS: Final = 5.0
"""How long a client may take to answer a close frame."""
_SHUTDOWN_SECONDS: Final = 1.0
_FRAGMENTS_MAX: Final = 1024
"""Fragments of one message; empty ones cost memory without adding to its size."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket connection of uvicorn."""

    def handle_connect(self, event: Request) -> None:
        """Offer the abort extension to the application."""
        super().handle_connect(event)
        if not self.close_sent:
            extensions = {**self.scope.get("extensions", {})}
            extensions[ABORT_EXTENSION] = {"abort": self.transport.abort}
            self.scope["extensions"] = extensions

    def data_received(self, data: bytes) -> None:
        """Answer a handshake that cannot be read; uvicorn would leave its client waiting."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_ping(self) -> None:
        """Answer a ping, unless the client has stopped reading: its pongs would pile up without bound."""
        output = b"".join(self.conn.data_to_send())
        if self.writable.is_set():
            self.transport.write(output)

    def handle_cont(self, event: Frame) -> None:
        """Take a fragment, of a bounded number."""
        if len(self.frames) >= _FRAGMENTS_MAX:
            self._fail(CloseCode.POLICY_VIOLATION, "too many fragments")
            return
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Hand a message to the application; what is not UTF-8 closes the connection without a traceback."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self._fail(CloseCode.INVALID_DATA, "not UTF-8")
                return
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Close after a broken frame, also one that came before the connection was accepted."""
        if self.conn.close_sent is None:
            self.transport.abort()
        else:
            super().handle_parser_exception()

    def handle_close(self, event: Frame) -> None:
        """Answer the client's close, with an end to the waiting for it to read the answer."""
        super().handle_close(event)
        if self.transport.is_closing() and self.close_timer is None:
            self._abort_after(_CLOSE_SECONDS)

    def keepalive_timeout(self) -> None:
        """Drop a peer that answers no pings; it will not read the close frame either."""
        super().keepalive_timeout()
        self._abort_after(_SHUTDOWN_SECONDS)

    def shutdown(self) -> None:
        """Close at shutdown, with an end to the waiting for a client that does not read."""
        if not self.transport.is_closing():
            super().shutdown()
        self._abort_after(_SHUTDOWN_SECONDS)

    async def send(self, message: Any) -> None:
        """Send for the application, with an end to the waiting after a close.

        A refused handshake counts as complete: uvicorn would log an error when the application returns.
        """
        await super().send(message)
        if message["type"] == "websocket.close" and self.close_timer is not None:
            self.close_timer.cancel()
            self._abort_after(_CLOSE_SECONDS)
        elif message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True

    def _fail(self, code: CloseCode, reason: str) -> None:
        self.frames = []
        self.conn.fail(code, reason)
        self.handle_parser_exception()

    def _abort_after(self, seconds: float) -> None:
        self.close_timer = self.loop.call_later(seconds, self.transport.abort)
