"""Sockets: the port that the engine uses, and its adapter."""

import contextlib
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import Final, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from tandem_client.errors import RefusedError, UnavailableError
from tandem_protocol.version import SUBPROTOCOL

_ABNORMAL: Final = 1006
_CLOSE_SECONDS: Final = 1.0


class SocketClosed(Exception):  # noqa: N818 - what every socket comes to is no error
    """The socket has ended; ``code`` is 1006 when it ended without one."""

    def __init__(self, code: int, reason: str) -> None:
        """Create it."""
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason


class Socket(Protocol):
    """An open socket."""

    async def receive(self) -> str | bytes:
        """Return the next message.

        Raises:
            SocketClosed: There will be none.
        """
        ...

    async def send(self, text: str) -> None:
        """Send a message.

        Raises:
            SocketClosed: It cannot be sent.
        """
        ...


OpenSocket = Callable[[str], AbstractAsyncContextManager[Socket]]
"""Opens a socket with an access token, and closes it at the end of the block.

Entering raises `UnavailableError`, or `RefusedError` when the handshake was answered and refused.
"""


class _WebSocket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def receive(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise _closed(closed) from closed

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed as closed:
            raise _closed(closed) from closed


def websockets_at(url: str, tls: ssl.SSLContext | None, *, trust_env: bool) -> OpenSocket:
    """Return the way to open sockets at a URL; the token travels as a subprotocol, out of access logs (HS1).

    Args:
        url: Such as ``wss://tasks.example.org/ws/<user>``.
        tls: How certificates are verified, for ``wss``.
        trust_env: Whether proxies are taken from the environment.
    """

    @contextlib.asynccontextmanager
    async def open_socket(token: str) -> AsyncGenerator[Socket]:
        connecting = connect(
            url,
            subprotocols=[Subprotocol(SUBPROTOCOL), Subprotocol(f"bearer.{token}")],
            ssl=tls,
            proxy=True if trust_env else None,
            compression=None,
            # The heartbeat is Tandem's own (WS2, CL12); opening is limited by the caller.
            ping_interval=None,
            open_timeout=None,
            close_timeout=_CLOSE_SECONDS,
            max_size=None,
        )
        try:
            connection = await connecting
        except InvalidStatus as error:
            status = error.response.status_code
            code = "unauthenticated" if status == HTTPStatus.UNAUTHORIZED else ""
            raise RefusedError(status, code, "the handshake was refused") from error
        except (OSError, InvalidHandshake, EOFError) as error:
            raise UnavailableError(f"no socket: {error!r}") from error
        try:
            yield _WebSocket(connection)
        finally:
            try:
                await connection.close()
            finally:
                # Whoever is cancelled while the server is still to answer would leave the connection behind.
                connection.transport.abort()

    return open_socket


def _closed(closed: ConnectionClosed) -> SocketClosed:
    return SocketClosed(closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else SocketClosed(_ABNORMAL, "")
