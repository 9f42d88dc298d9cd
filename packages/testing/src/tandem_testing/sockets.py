"""A real websocket service on a free port, with keys, time and a backend of the test's own."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import httpx
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tandem_platform.certificate import ServerCertificate
from tandem_platform.clock import Clock
from tandem_platform.observability import Observability
from tandem_platform.server import bind, serve
from tandem_platform.tokens import AccessClaims, TokenVerifier, sign
from tandem_protocol.heads import HeadsReply, HeadsRequest
from tandem_protocol.messages import Heads
from tandem_protocol.version import SUBPROTOCOL
from tandem_websocket.backend_client import BackendUnavailableError
from tandem_websocket.event_source import EventSource
from tandem_websocket.main import WebSocketService, build_service, standalone_app
from tandem_websocket.settings import WebSocketSettings

PATIENCE: Final = 10.0
"""Seconds after which a test that waits for something gives up."""


class TestClock:
    """The machine's clocks, moved forward at will; both in seconds."""

    __test__ = False

    def __init__(self) -> None:
        self._moved = 0.0

    def now(self) -> float:
        """Return seconds since 1970."""
        return time.time() + self._moved

    def monotonic(self) -> float:
        """Return seconds of a clock that does not go back."""
        return time.monotonic() + self._moved

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._moved += seconds


class TokenMint:
    """Makes access tokens with a key of its own."""

    def __init__(self, kid: str = "test") -> None:
        self.kid = kid
        self.private_key = Ed25519PrivateKey.generate()
        self.keys = {kid: self.private_key.public_key()}

    def token(self, user_id: str, session_id: str, expires_at: float | None = None) -> str:
        """Return a signed token, good for 15 minutes unless told otherwise (seconds since 1970)."""
        now = time.time()
        claims = AccessClaims(user_id, session_id, now + 900 if expires_at is None else expires_at)
        return sign(claims, issued_at=now, token_id=str(uuid4()), kid=self.kid, private_key=self.private_key)


@dataclass
class FakeBackend:
    """Answers what it is told to; an instance is a `HeadsSource`."""

    heads: dict[str, Heads] = field(default_factory=dict[str, Heads])
    ended: list[str] = field(default_factory=list[str])
    failing: bool = False
    hanging: bool = False
    requests: list[HeadsRequest] = field(default_factory=list[HeadsRequest])

    async def __call__(self, request: HeadsRequest) -> HeadsReply:
        """Answer, fail, or never return."""
        self.requests.append(request)
        if self.hanging:
            await asyncio.Event().wait()
        if self.failing:
            raise BackendUnavailableError("told to fail")
        return HeadsReply(
            heads={user: self.heads[user] for user in request.users if user in self.heads},
            ended=[session for session in request.sessions if session in self.ended],
        )


@dataclass(frozen=True)
class SocketServer:
    """A running service and what it was given."""

    service: WebSocketService
    port: int
    clock: TestClock
    mint: TokenMint
    backend: FakeBackend

    @property
    def http(self) -> str:
        """Return the base URL."""
        return f"http://127.0.0.1:{self.port}"

    def url(self, user_id: str) -> str:
        """Return the URL of a user's socket, without a token."""
        return f"ws://127.0.0.1:{self.port}/ws/{user_id}"

    @contextlib.asynccontextmanager
    async def client(
        self, user_id: str, *, session_id: str | None = None, token: str | None = None
    ) -> AsyncGenerator[ClientConnection]:
        """Connect, and leave out the hello.

        Args:
            user_id: Whose socket.
            session_id: Of the token; a new one if none is given.
            token: Instead of one that is made for the occasion.
        """
        token = token or self.mint.token(user_id, session_id or str(uuid4()))
        async with connect_with(self.url(user_id), token) as client:
            assert (await receive(client))["type"] == "hello"  # noqa: S101
            yield client

    async def publish(self, *events: dict[str, Any]) -> None:
        """Hand events to the service as the bus of its process would."""
        await self.service.handle([orjson.dumps(event) for event in events])

    async def status(self, **wanted: int) -> dict[str, Any]:
        """Return ``/status``, as soon as it says what is wanted."""
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient() as http:
            while True:
                answer: dict[str, Any] = (await http.get(f"{self.http}/status")).json()
                if wanted.items() <= answer.items():
                    return answer

    def metric(self, name: str, **labels: str) -> float:
        """Return a metric's value, 0 if it was never touched."""
        return self.service.registry.get_sample_value(f"tandem_websocket_{name}", labels) or 0.0


@contextlib.asynccontextmanager
async def socket_server(
    *,
    refresh_keys: Callable[[], Awaitable[None]] | None = None,
    source: EventSource | None = None,
    observability: Observability | None = None,
    **settings: Any,
) -> AsyncGenerator[SocketServer]:
    """Run a service.

    Args:
        refresh_keys: Called for tokens of unknown keys.
        source: What events have to show.
        observability: Takes audit lines and spans; closed with the service.
        settings: By field name, as in `WebSocketSettings`.
    """
    mint, clock, backend = TokenMint(), TestClock(), FakeBackend()
    observability = observability or Observability()
    listener = bind("127.0.0.1", 0)
    port: int = listener.getsockname()[1]
    chosen = WebSocketSettings.load({"port": port, **settings})
    service = build_service(
        chosen,
        verifier=TokenVerifier(mint.keys, clock.now),
        refresh_keys=refresh_keys,
        heads=backend,
        clock=Clock(clock.now, clock.monotonic),
        random_bytes=os.urandom,
        source=source or EventSource(chosen.app_api_token),
        observability=observability,
    )
    started = asyncio.Event()
    app = standalone_app(service, _nothing, observability)
    serving = asyncio.create_task(
        serve(
            app,
            listener,
            drain=service.drain,
            on_started=started.set,
            trusted_proxies=chosen.trusted_proxies,
            certificate=ServerCertificate.open(chosen, clock.now),
        )
    )
    try:
        await asyncio.wait_for(started.wait(), PATIENCE)
        yield SocketServer(service, port, clock, mint, backend)
    finally:
        # The server ends as an operator ends it.
        if not serving.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, PATIENCE)
        observability.close()


async def _nothing() -> None:
    """Close nothing."""


def connect_with(url: str, token: str | None, **options: Any) -> connect:
    """Return a connection to come, with the token as a subprotocol (HS1)."""
    bearer = [] if token is None else [Subprotocol(f"bearer.{token}")]
    return connect(
        url,
        subprotocols=[Subprotocol(SUBPROTOCOL), *bearer],
        compression=None,
        ping_interval=None,
        proxy=None,
        open_timeout=PATIENCE,
        close_timeout=1.0,
        **options,
    )


async def receive(client: ClientConnection) -> dict[str, Any]:
    """Return the next message."""
    async with asyncio.timeout(PATIENCE):
        message: dict[str, Any] = orjson.loads(await client.recv())
        return message


async def receive_type(client: ClientConnection, kind: str) -> dict[str, Any]:
    """Return the next message of a type; others are passed over."""
    while (message := await receive(client))["type"] != kind:
        pass
    return message


async def close_code(client: ClientConnection) -> tuple[int, list[dict[str, Any]]]:
    """Read to the end; return the close code and the messages that came before it."""
    messages: list[dict[str, Any]] = []
    try:
        while True:
            messages.append(await receive(client))
    except ConnectionClosed as closed:
        return (closed.rcvd.code if closed.rcvd is not None else 1006), messages


def task_event(
    user_id: str, seq: int = 1, *, kind: str = "task.created", space: str | None = None, description: str = ""
) -> dict[str, Any]:
    """Return a task event for one user, as the backend publishes it."""
    space = space or user_id
    moment = "2026-01-01T12:00:00.000Z"
    return {
        "event_type": kind,
        "event_id": str(uuid4()),
        "user_id": user_id,
        "task": {
            "id": str(uuid4()),
            "user_id": user_id,
            "space": space,
            "seq": seq,
            "title": "Buy groceries",
            "description": description,
            "completed": False,
            "completed_at": None,
            "priority": "medium",
            "due": None,
            "created_at": moment,
            "updated_at": moment,
        },
        "space": space,
        "epoch": "00000000-0000-4000-8000-00000000000e",
        "seq": seq,
        "timestamp": moment,
        "actor": {"user_id": user_id, "name": "Ada", "device_id": str(uuid4()), "device": "Firefox on Linux"},
        "mutation": str(uuid4()),
        "audience": [user_id],
    }


def session_revoked(user_id: str, *sessions: str) -> dict[str, Any]:
    """Return the event of ended sessions."""
    return {
        "event_type": "session.revoked",
        "event_id": str(uuid4()),
        "user_id": user_id,
        "sessions": list(sessions),
        "timestamp": "2026-01-01T12:00:00.000Z",
    }
