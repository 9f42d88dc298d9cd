"""Who asks: access tokens, and where a request comes from."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from tandem_backend.api.context import Context, InContext
from tandem_backend.domain.devices import device_name
from tandem_backend.services.sessions import Client
from tandem_platform.origins import origin_allowed
from tandem_platform.problems import ProblemError
from tandem_platform.tokens import AccessClaims, InvalidTokenError
from tandem_protocol.problems import ProblemCode


def claims_of(request: Request) -> AccessClaims:
    """Return the verified claims of a request's access token.

    Raises:
        ProblemError: There is none, or it is not good.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not token:
        raise ProblemError(ProblemCode.UNAUTHENTICATED, "Send an access token as Authorization: Bearer.")
    context: Context = request.app.state.backend
    try:
        return context.verifier.verify(token.strip())
    except InvalidTokenError as error:
        raise ProblemError(ProblemCode.UNAUTHENTICATED, f"Refresh the access token: {error}.") from error


def owner_of(request: Request) -> AccessClaims:
    """Return the claims of the user whose path it is (WR7).

    Raises:
        ProblemError: There is no good token, or the path is another user's.
    """
    claims = claims_of(request)
    if claims.user_id != request.path_params["user_id"]:
        raise ProblemError(ProblemCode.FORBIDDEN, "The path belongs to another user.")
    return claims


class _BearerToken(SecurityBase):
    """The security scheme of the interface's description, and what it stands for."""

    def __init__(self, read: Callable[[Request], AccessClaims]) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="An access token")
        self.scheme_name = "HTTPBearer"
        self._read = read

    async def __call__(self, request: Request) -> AccessClaims:
        return self._read(request)


async def _of_user(
    claims: Annotated[AccessClaims, Depends(_BearerToken(owner_of))], user_id: Annotated[str, Path()]
) -> AccessClaims:
    del user_id  # Named for the description of the interface alone.
    return claims


Claims = Annotated[AccessClaims, Depends(_BearerToken(claims_of))]
"""The verified claims of the caller; whether the session still runs is found out with the first query (AU5)."""
Owner = Annotated[AccessClaims, Depends(_of_user)]
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
    allowed, secure = context.settings.allowed_origins, request.url.scheme == "https"
    if not origin_allowed(headers.getlist("origin"), headers.get("host"), allowed, secure=secure):
        raise ProblemError(ProblemCode.FORBIDDEN, "Pages of this origin may not do that; see TANDEM_ALLOWED_ORIGINS.")
