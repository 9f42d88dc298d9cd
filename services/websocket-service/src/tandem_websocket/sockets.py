"""The life of a socket, from the handshake to its end, and the end of them all (WS9)."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from tandem_platform.clock import Clock
from tandem_platform.observability import Observability
from tandem_platform.problems import problem_response
from tandem_platform.tokens import AccessClaims
from tandem_protocol.close_codes import CloseCode
from tandem_protocol.ids import RandomBytes, uuid7
from tandem_protocol.messages import Hello, Reconnect
from tandem_protocol.problems import ProblemCode
from tandem_protocol.version import PROTOCOL_VERSION
from tandem_websocket.admission import Admission, RefusedError
from tandem_websocket.connection import AsgiConnection
from tandem_websocket.frames import Frame, encode
from tandem_websocket.handshake import choose_subprotocol
from tandem_websocket.newcomers import Newcomers
from tandem_websocket.peer import Peer
from tandem_websocket.receiver import Receiver, ReceiverContext
from tandem_websocket.revocations import Revocations
from tandem_websocket.settings import SocketSettings

DRAIN_SECONDS: Final = 1.0
"""How long the clients may take to read their farewell."""
_DENIAL_EXTENSION: Final = "websocket.http.response"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where time and randomness come from, and where audit lines and spans go."""

    clock: Clock
    random_bytes: RandomBytes
    observability: Observability = field(default_factory=Observability)


class Sockets:
    """All sockets of a service that are open or closing."""

    def __init__(
        self,
        settings: SocketSettings,
        admission: Admission,
        revocations: Revocations,
        newcomers: Newcomers,
        context: ReceiverContext,
        surroundings: Surroundings,
    ) -> None:
        """Create it without sockets.

        Args:
            settings: Heartbeat interval, buffer and drain.
            admission: Checks handshakes.
            revocations: The sessions that have ended.
            newcomers: Told of each socket that was taken in.
            context: For the receivers.
            surroundings: Time and randomness.
        """
        self._settings = settings
        self._admission = admission
        self._revocations = revocations
        self._newcomers = newcomers
        self._context = context
        self._surroundings = surroundings
        self._open: set[AsgiConnection] = set()
        self._all_gone = asyncio.Event()
        self._draining = False

    @property
    def draining(self) -> bool:
        """Whether the service is going down and takes nobody in."""
        return self._draining

    async def serve(self, websocket: WebSocket, user_id: str) -> None:
        """Serve one socket until its end. However its client behaves, nothing is raised."""
        try:
            claims = await self._admit(websocket, user_id)
        except RefusedError as refusal:
            self._context.audit.refused(Peer.of(websocket), refusal.reason, user_id, refusal.claims)
            await self._refuse(websocket, refusal)
            return
        try:
            await websocket.accept(choose_subprotocol(websocket.scope["subprotocols"]))
        except (OSError, RuntimeError, WebSocketDisconnect):
            return  # The client has left.
        self._context.metrics.handshakes.inc()
        await self._run(self._connect(websocket, claims))

    async def drain(self) -> None:
        """Tell every client to come back, at times spread at random, and close (WS9). Takes about a second at most."""
        self._draining = True
        self._context.broadcaster.close_all(CloseCode.SERVICE_RESTART, self._farewell)
        if self._open:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_gone.wait(), DRAIN_SECONDS)
        for connection in tuple(self._open):
            connection.abort()

    async def _admit(self, websocket: WebSocket, user_id: str) -> AccessClaims:
        if self._draining:
            raise RefusedError("draining", ProblemCode.UNAVAILABLE, "The service is going down; try again.")
        return await self._admission.admit(websocket, user_id)

    def _connect(self, websocket: WebSocket, claims: AccessClaims) -> AsgiConnection:
        """Take an accepted socket in, or have it closed with the reason why not."""
        connection = AsgiConnection(
            websocket,
            connection_id=self._new_id(),
            claims=claims,
            buffer_bytes=self._settings.send_buffer_bytes,
        )
        self._context.audit.connected(connection)
        refused: CloseCode | None = None
        if self._draining:
            refused = CloseCode.SERVICE_RESTART
        elif claims.session_id in self._revocations:
            refused = CloseCode.SESSION_ENDED
        elif not self._context.broadcaster.add(connection):
            refused = CloseCode.TOO_MANY_CONNECTIONS
        if refused is None:
            self._context.audit.subscribed(connection)
            self._newcomers.add(claims.session_id)
            self._context.broadcaster.send(connection, self._hello(connection))
        else:
            self._context.broadcaster.close(connection, refused)
        return connection

    async def _run(self, connection: AsgiConnection) -> None:
        self._open.add(connection)
        self._all_gone.clear()
        opened_at = self._surroundings.clock.monotonic()
        try:
            await connection.run(Receiver(connection, self._context).handle)
        finally:
            self._context.broadcaster.remove(connection)
            self._context.audit.disconnected(connection, opened_at)
            self._open.discard(connection)
            if not self._open:
                self._all_gone.set()

    async def _refuse(self, websocket: WebSocket, refusal: RefusedError) -> None:
        self._context.metrics.handshakes_refused.labels(refusal.reason).inc()
        with contextlib.suppress(OSError, RuntimeError, WebSocketDisconnect):
            if _DENIAL_EXTENSION in websocket.scope.get("extensions", {}):
                await websocket.send_denial_response(problem_response(refusal.problem))
            else:
                await websocket.close()

    def _hello(self, connection: AsgiConnection) -> Frame:
        return encode(
            Hello(
                protocol=PROTOCOL_VERSION,
                connection_id=connection.id,
                heartbeat_interval=self._settings.heartbeat_interval,
                token_expires_at=datetime.fromtimestamp(connection.expires_at, UTC),
            )
        )

    def _farewell(self) -> Frame:
        share = int.from_bytes(self._surroundings.random_bytes(4), "big") / 2**32
        return encode(Reconnect(after_ms=int(share * self._settings.drain_spread * 1000)))

    def _new_id(self) -> str:
        return uuid7(int(self._surroundings.clock.now() * 1000), self._surroundings.random_bytes)
