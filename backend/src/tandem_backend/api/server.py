"""Routes about the server itself."""

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from tandem_backend.api.context import InContext
from tandem_backend.services import feed
from tandem_platform.jwks import to_jwks
from tandem_platform.problems import ProblemError
from tandem_protocol.accounts import ServerInfo
from tandem_protocol.heads import HeadsReply, HeadsRequest
from tandem_protocol.problems import ProblemCode
from tandem_protocol.version import PROTOCOL_VERSION

router = APIRouter()


@router.get("/api/info", tags=["server"])
async def info(context: InContext) -> ServerInfo:
    """Return what anybody may know of this server."""
    return ServerInfo(
        version=context.versions["tandem"],
        protocol=PROTOCOL_VERSION,
        registration_open=context.settings.registration == "open",
    )


@router.get("/.well-known/jwks.json", tags=["server"])
async def jwks(context: InContext, response: Response) -> dict[str, Any]:
    """Return the public keys of access tokens (RFC 7517)."""
    response.headers["cache-control"] = "public, max-age=60"
    return to_jwks(context.keyring.public)


@router.post("/internal/heads", include_in_schema=False)
async def heads(body: HeadsRequest, context: InContext, authorization: Annotated[str, Header()] = "") -> HeadsReply:
    """Answer the websocket service: where spaces stand, and which sessions have ended."""
    expected = context.internal_token
    if not expected or not hmac.compare_digest(authorization.encode(), f"Bearer {expected}".encode()):
        raise ProblemError(ProblemCode.NOT_FOUND, "There is nothing here.")
    return await context.database.read(lambda connection: feed.heads(connection, body))
