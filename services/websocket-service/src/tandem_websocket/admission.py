"""Who is let in: every check of the handshake, in one order, before the connection is accepted (HS2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.websockets import WebSocket

from tandem_platform.jwks import KeysUnavailableError
from tandem_platform.origins import origin_allowed
from tandem_platform.problems import ProblemError
from tandem_platform.tokens import AccessClaims, InvalidTokenError
from tandem_protocol.problems import ProblemCode
from tandem_websocket.authentication import Authenticator, SessionEndedError
from tandem_websocket.handshake import find_token


class RefusedError(Exception):
    """A handshake that is refused, and why: ``reason`` is for the metrics, ``problem`` for the client.

    ``claims`` are those of the token, where that was not what was wrong.
    """

    def __init__(self, reason: str, code: ProblemCode, detail: str, claims: AccessClaims | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.claims = claims
        self.problem = ProblemError(code, detail)


@dataclass(frozen=True, slots=True)
class Admission:
    """Checks handshakes against the tokens and the list of allowed origins."""

    authenticator: Authenticator
    allowed_origins: Sequence[str]

    async def admit(self, websocket: WebSocket, user_id: str) -> AccessClaims:
        """Return who it is.

        Args:
            websocket: Not yet accepted.
            user_id: Of the path.

        Raises:
            RefusedError: It may not connect.
        """
        claims = await self._authenticate(websocket)
        if claims.user_id != user_id:
            raise RefusedError("other_user", ProblemCode.FORBIDDEN, "The token is not of the path's user.", claims)
        headers = websocket.headers
        secure = websocket.url.scheme == "wss"
        if not origin_allowed(headers.getlist("origin"), headers.get("host"), self.allowed_origins, secure=secure):
            raise RefusedError(
                "origin",
                ProblemCode.FORBIDDEN,
                "Pages of this origin may not connect; TANDEM_ALLOWED_ORIGINS lists those that may.",
                claims,
            )
        return claims

    async def _authenticate(self, websocket: WebSocket) -> AccessClaims:
        token = find_token(websocket.query_params.get("token"), websocket.scope["subprotocols"])
        if token is None:
            raise RefusedError("no_token", ProblemCode.UNAUTHENTICATED, "There is no access token.")
        try:
            return await self.authenticator.authenticate(token)
        except SessionEndedError as error:
            raise RefusedError(
                "session_ended", ProblemCode.SESSION_ENDED, "The session has ended; sign in again."
            ) from error
        except InvalidTokenError as error:
            raise RefusedError("invalid_token", ProblemCode.UNAUTHENTICATED, f"{error}.") from error
        except KeysUnavailableError as error:
            raise RefusedError(
                "no_keys",
                ProblemCode.UNAVAILABLE,
                "The keys to check the token cannot be had now; try again.",
            ) from error
