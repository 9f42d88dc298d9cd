"""What a client sends over its socket: limits (WS5, WS6), pings (WS3) and fresh tokens (WS4)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from tandem_platform.jwks import KeysUnavailableError
from tandem_platform.tokens import InvalidTokenError
from tandem_protocol.close_codes import CloseCode
from tandem_protocol.messages import (
    ClientMessage,
    ClientPing,
    ClientPong,
    ClientToken,
    SocketError,
    TokenAccepted,
)
from tandem_websocket.audit import SocketAudit
from tandem_websocket.authentication import Authenticator
from tandem_websocket.broadcaster import Broadcaster
from tandem_websocket.connection import Connection
from tandem_websocket.frames import NOT_KNOWN, NOT_TEXT, PONG, RATE_LIMITED, Frame, encode
from tandem_websocket.message_limits import MessageLimits
from tandem_websocket.metrics import Metrics

STRIKES_MAX: Final = 5
"""Bad messages, or messages past the rate, of one socket; the fifth closes it."""
_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


@dataclass(frozen=True, slots=True)
class ReceiverContext:
    """What all receivers of a service share. ``max_frame_bytes`` limits one message (WS6)."""

    broadcaster: Broadcaster
    authenticator: Authenticator
    limits: MessageLimits
    metrics: Metrics
    audit: SocketAudit
    max_frame_bytes: int


class Receiver:
    """Handles the messages of one connection."""

    def __init__(self, connection: Connection, context: ReceiverContext) -> None:
        self._connection = connection
        self._context = context
        self._too_large = encode(
            SocketError(code="message_too_large", detail=f"a message has at most {context.max_frame_bytes} bytes")
        )
        self._bad_messages = 0
        self._rate_limited = 0

    async def handle(self, message: str | bytes) -> None:
        """Handle one message: text, or the bytes of a binary frame."""
        parsed = self._parse(message)
        if isinstance(parsed, ClientPong) and self._connection.pings_unanswered > 0:
            self._connection.pings_unanswered -= 1
            return
        if not self._context.limits.take(self._connection.user_id):
            self._rate_limited += 1
            if self._rate_limited == 1:
                self._context.audit.rate_limited(self._connection)
            self._refuse("rate_limited", RATE_LIMITED)
            if self._rate_limited >= STRIKES_MAX:
                self._context.broadcaster.close(self._connection, CloseCode.RATE_LIMITED)
        elif isinstance(parsed, Frame):
            self._bad_messages += 1
            self._refuse("message_too_large" if parsed is self._too_large else "invalid_message", parsed)
            if self._bad_messages >= STRIKES_MAX:
                self._context.broadcaster.close(self._connection, CloseCode.BAD_MESSAGES)
        elif isinstance(parsed, ClientPing):
            self._context.broadcaster.send(self._connection, PONG)
        elif isinstance(parsed, ClientToken):
            await self._renew(parsed.token)

    def _parse(self, message: str | bytes) -> ClientMessage | Frame:
        """Return what was sent, or the error to answer."""
        if len(message) > self._context.max_frame_bytes:
            return self._too_large
        if isinstance(message, bytes):
            return NOT_TEXT
        data = message.encode()
        if len(data) > self._context.max_frame_bytes:
            return self._too_large
        try:
            return _MESSAGE.validate_json(data)
        except ValidationError:
            return NOT_KNOWN

    async def _renew(self, token: str) -> None:
        try:
            claims = await self._context.authenticator.authenticate(token)
        except KeysUnavailableError:
            self._refuse_token("the keys to check the token cannot be had now")
            return
        except InvalidTokenError as error:
            self._refuse_token(str(error))
            return
        if (claims.user_id, claims.session_id) != (self._connection.user_id, self._connection.session_id):
            self._refuse_token("the token is of another user or session")
            return
        self._context.broadcaster.renew(self._connection, claims.expires_at)
        expires_at = datetime.fromtimestamp(claims.expires_at, UTC)
        self._context.broadcaster.send(self._connection, encode(TokenAccepted(expires_at=expires_at)))

    def _refuse_token(self, detail: str) -> None:
        self._refuse("invalid_token", encode(SocketError(code="invalid_token", detail=detail)))

    def _refuse(self, code: str, answer: Frame) -> None:
        self._context.metrics.messages_refused.labels(code).inc()
        self._context.broadcaster.send(self._connection, answer)
