"""Running an ASGI app with uvicorn, with an ordered end: drain first, then close."""

import asyncio
import contextlib
import gc
import logging
import resource
import socket
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from typing import Final

import uvicorn
import uvloop
from fastapi import FastAPI

from tandem_platform.certificate import ServerCertificate
from tandem_platform.http_protocol import HttpProtocol
from tandem_platform.proxies import on_both_stacks
from tandem_platform.websocket_protocol import WebSocketProtocol

logger = logging.getLogger(__name__)

DRAIN_SECONDS: Final = 1.5
"""How long ``drain`` may take after a signal."""
SHUTDOWN_SECONDS: Final = 3
"""How long open requests may take to end after that. Ctrl-C ends everything within five seconds."""
_COLLECT_AFTER: Final = 10_000
"""Objects that may come to be before cycles among them are looked for; Python's own 700 are one request."""
FRAME_MAX: Final = 64 * 1024
"""Bytes of a WebSocket message that is read at all; the service's own, lower limit answers politely."""


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
        reason = error.strerror or error
        raise StartError(f"cannot listen on {host}:{port}: {reason}. Set PORT or HOST.") from None
    except OverflowError:
        listener.close()
        raise StartError(f"cannot listen on {host}:{port}: a port is a number from 0 to 65535.") from None
    listener.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return listener


def _collect_less() -> None:
    """Keep the garbage collector from a tenth of all time: what has been started lives until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        drain: Callable[[], Awaitable[None]] | None,
        on_started: Callable[[], None] | None,
    ) -> None:
        super().__init__(config)
        self._drain = drain
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            raise StartError("the application could not start; the log above says why") from None
        _collect_less()
        if self._on_started is not None:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._drain is not None:
            try:
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._drain()
            except Exception:
                # What follows closes everything that the drain did not.
                logger.exception("draining failed")
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # Uvicorn would raise the signal again and end the process before the awaiter of `serve` cleaned up.
        with super().capture_signals():
            yield
            self._captured_signals.clear()


async def serve(
    app: FastAPI,
    listener: socket.socket,
    *,
    drain: Callable[[], Awaitable[None]] | None = None,
    on_started: Callable[[], None] | None = None,
    trusted_proxies: Sequence[str] = (),
    certificate: ServerCertificate | None = None,
) -> None:
    """Serve ``app`` until SIGINT or SIGTERM, on the event loop that runs already (uvloop is the fast one).

    Args:
        app: What to serve.
        listener: From `bind`.
        drain: Called at the signal, before connections are closed; has `DRAIN_SECONDS`.
        on_started: Called when requests are being answered.
        trusted_proxies: Addresses and networks whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` headers are
            believed. The client is the last address of the list that is none of theirs: what stands before it
            anybody may have written.
        certificate: Serves https and wss with it; plain http and ws if none is given.

    Raises:
        StartError: The application's start-up failed.
    """
    config = uvicorn.Config(
        app,
        http=HttpProtocol,
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
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=on_both_stacks(trusted_proxies),
    )
    config.load()
    config.ssl = None if certificate is None else certificate.context
    async with contextlib.nullcontext() if certificate is None else certificate.watched():
        await _Server(config, drain, on_started).serve(sockets=[listener])


def raise_file_limit() -> None:
    """Let the process open as many files as it may: each socket is one, and the usual 1024 are soon used up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def run(main: Coroutine[None, None, None]) -> None:
    """Run a program on uvloop until it ends by itself or by SIGINT."""
    raise_file_limit()
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
