"""The service's routes: sockets, its status, and the events that Dapr's sidecar posts."""

import hmac
from collections.abc import Callable
from importlib.metadata import version
from ipaddress import ip_address
from typing import Any, Final

from fastapi import APIRouter, Request, WebSocket
from pydantic import SecretStr

from tandem_platform.problems import ProblemError
from tandem_protocol.problems import ProblemCode
from tandem_websocket.broadcaster import Broadcaster
from tandem_websocket.consumer import Consumer
from tandem_websocket.dapr import DROP, NotAnEnvelopeError, read_delivery, reply
from tandem_websocket.sockets import Sockets

EVENTS_PATH: Final = "/events/task-updates"
"""Where the sidecar posts; ``deploy/dapr/subscriber/subscription.yaml`` says so."""
VERSION: Final = version("tandem-websocket")
_JSON_TYPES: Final = ("application/json", "application/cloudevents")


def build_router(sockets: Sockets, broadcaster: Broadcaster, operator_token: SecretStr) -> APIRouter:
    """Return the routes for browsers and operators.

    Args:
        sockets: Serves sockets.
        broadcaster: Knows who is connected.
        operator_token: Shows the connections of each user; nobody sees them when it is empty.
    """
    router = APIRouter()

    @router.websocket("/ws/{user_id}")
    async def connect(websocket: WebSocket, user_id: str) -> None:
        """Serve a socket; its handshake carries the access token (HS1)."""
        await sockets.serve(websocket, user_id)

    @router.get("/status")
    async def status(request: Request) -> dict[str, Any]:
        """Tell how many sockets there are; whose they are only with the operator's token."""
        per_user = broadcaster.connections_per_user()
        answer: dict[str, Any] = {
            "service": "WebSocket Service",
            "version": VERSION,
            "status": "draining" if sockets.draining else "running",
            "connections": broadcaster.count,
            "active_users": len(per_user),
        }
        scheme, _, presented = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _matches(presented.strip(), operator_token):
            answer["connections_per_user"] = per_user
        return answer

    return router


def build_events_router(consumer: Consumer, sidecar_token: SecretStr, note_refusal: Callable[[str], None]) -> APIRouter:
    """Return the routes for Dapr's sidecar.

    Whoever may post here speaks to every user's browsers: the sidecar shows its token, and where none is set
    only this machine is heard.

    Args:
        consumer: Takes the events.
        sidecar_token: What the sidecar shows.
        note_refusal: Told why a delivery was turned away.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/dapr/subscribe")
    async def subscriptions() -> list[Any]:
        """Tell the sidecar that there are none but those of ``deploy/dapr/subscriber/subscription.yaml``."""
        return []

    @router.post(EVENTS_PATH)
    async def take_events(request: Request) -> dict[str, Any]:
        """Take one event or a bulk of them, and answer which of them were none."""
        try:
            _check_sidecar(request, sidecar_token)
        except ProblemError as error:
            note_refusal(str(error))
            raise
        try:
            delivery = read_delivery(await request.body())
        except NotAnEnvelopeError:
            consumer.drop("not_an_envelope")
            return {"status": DROP}
        return reply(delivery, consumer.consume(delivery.events))

    return router


def _check_sidecar(request: Request, token: SecretStr) -> None:
    # A page that is open on this machine could post here, and would be taken for the sidecar; browsers say who asks,
    # and send JSON to another site only after asking.
    if "origin" in request.headers or not request.headers.get("content-type", "").startswith(_JSON_TYPES):
        raise ProblemError(ProblemCode.FORBIDDEN, "Events come as JSON, and not from browsers.")
    if token.get_secret_value():
        if not _matches(request.headers.get("dapr-api-token", ""), token):
            raise ProblemError(
                ProblemCode.UNAUTHENTICATED,
                "dapr-api-token is missing or wrong; service and sidecar need the same APP_API_TOKEN.",
            )
    elif not _is_local(request):
        raise ProblemError(ProblemCode.FORBIDDEN, "Without APP_API_TOKEN only this machine may send events.")


def _is_local(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _matches(presented: str, token: SecretStr) -> bool:
    """Compare in constant time; an empty token matches nothing."""
    expected = token.get_secret_value()
    return bool(expected) and hmac.compare_digest(presented.encode(), expected.encode())
