"""Access tokens at the socket: verified with public keys, and not of a session that has ended."""

from collections.abc import Awaitable, Callable

from pydantic import TypeAdapter, ValidationError

from tandem_platform.tokens import AccessClaims, InvalidTokenError, TokenVerifier, UnknownKeyError
from tandem_protocol.base import Identifier
from tandem_websocket.handshake import TOKEN_MAX
from tandem_websocket.revocations import Revocations

RefreshKeys = Callable[[], Awaitable[None]]
"""Fetches the public keys again; raises `KeysUnavailableError`."""
_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)


class SessionEndedError(InvalidTokenError):
    """The token would be good, but its session has ended (AU5)."""


class Authenticator:
    """Turns tokens into claims."""

    def __init__(self, verifier: TokenVerifier, refresh_keys: RefreshKeys | None, revocations: Revocations) -> None:
        """Create it.

        Args:
            verifier: Checks signature, issuer, audience and expiry.
            refresh_keys: Called when a token names an unknown key; None where keys never change.
            revocations: The sessions that have ended.
        """
        self._verifier = verifier
        self._refresh_keys = refresh_keys
        self._revocations = revocations

    async def authenticate(self, token: str) -> AccessClaims:
        """Return the claims of a good token.

        Raises:
            SessionEndedError: Its session has ended.
            InvalidTokenError: It is malformed, forged, expired, or not for Tandem.
            KeysUnavailableError: The keys to check it cannot be had.
        """
        if len(token) > TOKEN_MAX:
            raise InvalidTokenError("the token is too long")
        try:
            claims = self._verifier.verify(token)
        except UnknownKeyError:
            if self._refresh_keys is None:
                raise
            # Keys are rotated while the service runs (AU3).
            await self._refresh_keys()
            claims = self._verifier.verify(token)
        if claims.session_id in self._revocations:
            raise SessionEndedError("the session has ended")
        if not (is_identifier(claims.user_id) and is_identifier(claims.session_id)):
            raise InvalidTokenError("the token names no user and session")
        return claims


def is_identifier(text: str) -> bool:
    """Tell whether ``text`` is a UUID in canonical form."""
    try:
        _IDENTIFIER.validate_python(text)
    except ValidationError:
        return False
    return True
