"""Running an ASGI app with uvicorn, with an ordered end: drain first, then close."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Final

import uvicorn
from fastapi import FastAPI

from tandem_platform.websocket_protocol import WebSocketProtocol

SHUTDOWN_SECONDS: Final = 3
"""How long open requests may take to end after a signal. Ctrl-C ends everything within five seconds."""
FRAME_MAX: Final = 64 * 1024
"""Bytes of a WebSocket message that the server reads at all; the service's own limit answers politely below it."""


class StartError(Exception):
    """The server cannot start; the text is one line for the operator."""


def bind(host: str, port: int) -> socket.socket:
    """Return a listening TCP socket; port 0 takes a free one.

    Raises:
        StartError: The port is taken, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(4096)
    except OSError as error:
        listener.close()
        raise StartError(f"cannot listen on {host}:{port}: {error.strerror or error}. Set PORT or HOST.") from None
    listener.setblocking(False)
    return listener


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, drain: Callable[[], Awaitable[None]] | None) -> None:
        super().__init__(config)
        self._drain = drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._drain is not None:
            await self._drain()
        await super().shutdown(sockets)


async def serve(
    app: FastAPI,
    listener: socket.socket,
    *,
    drain: Callable[[], Awaitable[None]] | None = None,
    on_started: Callable[[], None] | None = None,
) -> None:
    """Serve ``app`` until SIGINT or SIGTERM.

    Args:
        app: What to serve.
        listener: From `bind`.
        drain: Called at the signal, before connections are closed.
        on_started: Called when requests are being answered.
    """
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws=WebSocketProtocol,
        ws_max_size=FRAME_MAX,
        # Deflate costs more than everything else that a delivery does, and memory for each connection.
        ws_per_message_deflate=False,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        timeout_keep_alive=75,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    server = _Server(config, drain)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if not serving.done() and on_started is not None:
        on_started()
    await serving
