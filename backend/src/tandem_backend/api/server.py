"""Routes about the server itself."""

from typing import Any

from fastapi import APIRouter, Response

from tandem_backend.api.context import InContext
from tandem_platform.jwks import to_jwks
from tandem_protocol.accounts import ServerInfo
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
