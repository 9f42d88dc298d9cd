"""The route of the change feed."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from tandem_backend.api.authentication import Owner
from tandem_backend.api.context import InContext
from tandem_backend.services import feed
from tandem_platform.problems import ProblemError
from tandem_protocol.feed import Changes, InvalidCursorError, decode_cursor
from tandem_protocol.limits import FEED_PAGE_DEFAULT, FEED_PAGE_MAX
from tandem_protocol.problems import ProblemCode

router = APIRouter(prefix="/api/{user_id}/changes", tags=["sync"])


@router.get("", response_model=Changes)
async def changes(
    claims: Owner,
    context: InContext,
    cursor: Annotated[str | None, Query(description="From the last answer; without it everything is sent")] = None,
    limit: Annotated[int, Query(ge=1, le=FEED_PAGE_MAX)] = FEED_PAGE_DEFAULT,
) -> Response:
    """Return what changed since the cursor (FD rules)."""
    try:
        known = {} if cursor is None else decode_cursor(cursor)
    except InvalidCursorError as error:
        raise ProblemError(ProblemCode.INVALID_CURSOR, f"{error}; start again without a cursor.") from error
    body = await context.database.read(lambda connection: feed.changes(connection, claims, known, limit))
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})
