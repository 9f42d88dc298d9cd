"""Who asks: access tokens, and where a request comes from."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from tandem_backend.api.context import Context, InContext
from tandem_backend.domain.devices import device_name
from tandem_backend.services.sessions import Client
from tandem_platform.origins import origin_allowed
from tandem_platform.problems import ProblemError
from tandem_platform.tokens import AccessClaims, InvalidTokenError
from tandem_protocol.problems import ProblemCode


class _BearerToken(SecurityBase):
    """The security scheme of the interface's description, and what it stands for.

    One dependency without others of its own: FastAPI resolves each of them anew for every request.
    """

    def __init__(self) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="An access token")
        self.scheme_name = "HTTPBearer"

    async def __call__(self, request: Request) -> AccessClaims:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.casefold() != "bearer" or not token:
            raise ProblemError(ProblemCode.UNAUTHENTICATED, "Send an access token as Authorization: Bearer.")
        context: Context = request.app.state.backend
        try:
            return context.verifier.verify(token.strip())
        except InvalidTokenError as error:
            raise ProblemError(ProblemCode.UNAUTHENTICATED, f"Refresh the access token: {error}.") from error


Claims = Annotated[AccessClaims, Depends(_BearerToken())]
"""The verified claims of the caller; whether the session still runs is found out with the first query (AU5)."""


async def _owner(claims: Claims, user_id: str) -> AccessClaims:
    if claims.user_id != user_id:
        raise ProblemError(ProblemCode.FORBIDDEN, "The path belongs to another user.")
    return claims


Owner = Annotated[AccessClaims, Depends(_owner)]
"""The claims of the user whose path it is (WR7)."""


async def _client(request: Request) -> Client:
    address = request.client.host if request.client else "unknown"
    return Client(device_name(request.headers.get("user-agent")), address)


Caller = Annotated[Client, Depends(_client)]


async def own_site(request: Request, context: InContext) -> None:
    """Refuse a request that a page of another site made: these routes act by cookie.

    Raises:
        ProblemError: The ``Origin`` is neither the server's own nor on the list.
    """
    headers = request.headers
    if not origin_allowed(headers.getlist("origin"), headers.get("host"), context.settings.allowed_origins):
        raise ProblemError(ProblemCode.FORBIDDEN, "Pages of this origin may not do that; see TANDEM_ALLOWED_ORIGINS.")
