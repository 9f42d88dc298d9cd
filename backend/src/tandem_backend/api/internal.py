"""Routes for the websocket service alone, by a token that both know."""

import hmac
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header

from tandem_backend.api.context import InContext
from tandem_backend.services import feed
from tandem_backend.services.events import canary
from tandem_platform.bus import TASK_UPDATES, BusUnavailableError
from tandem_platform.problems import ProblemError
from tandem_protocol.heads import CanaryRequest, HeadsReply, HeadsRequest
from tandem_protocol.problems import ProblemCode


async def _from_a_service(context: InContext, authorization: Annotated[str, Header()] = "") -> None:
    expected = context.internal_token
    if not expected or not hmac.compare_digest(authorization.encode(), f"Bearer {expected}".encode()):
        raise ProblemError(ProblemCode.NOT_FOUND, "There is nothing here.")


router = APIRouter(prefix="/internal", include_in_schema=False, dependencies=[Depends(_from_a_service)])


@router.post("/heads")
async def heads(body: HeadsRequest, context: InContext) -> HeadsReply:
    """Answer where spaces stand, and which sessions have ended."""
    return await context.database.read(lambda connection: feed.heads(connection, body))


@router.post("/canary", status_code=HTTPStatus.NO_CONTENT)
async def send_canary(body: CanaryRequest, context: InContext) -> None:
    """Publish an event that does nothing but arrive (EV10)."""
    try:
        await context.bus.publish(TASK_UPDATES, [canary(body.event_id, context.now())])
    except BusUnavailableError as error:
        raise ProblemError(ProblemCode.UNAVAILABLE, f"The event bus did not take it: {error}.") from error
