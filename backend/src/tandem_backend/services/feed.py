"""The change feed: what changed for a user since a cursor (FD rules)."""

from typing import Any

import orjson
from sqlalchemy import Connection

from tandem_backend.domain.paging import after, start
from tandem_backend.domain.tasks import document
from tandem_backend.services.mutations import acting
from tandem_backend.storage import sessions, spaces, tasks
from tandem_platform.tokens import AccessClaims
from tandem_protocol.feed import SpaceCursor, encode_cursor
from tandem_protocol.heads import HeadsReply, HeadsRequest
from tandem_protocol.messages import SpaceHead


def changes(connection: Connection, claims: AccessClaims, cursor: dict[str, SpaceCursor], limit: int) -> bytes:
    """Return a page of the feed as JSON, in the form of `tandem_protocol.feed.Changes`.

    Args:
        connection: One snapshot of the database (FD2).
        claims: Who asks.
        cursor: How far the reader has read each space; what it does not know, it gets whole.
        limit: The most changes in the answer.

    Raises:
        ProblemError: The session has ended.
    """
    user = acting(connection, claims).user_id
    answered: list[dict[str, Any]] = []
    reached: dict[str, SpaceCursor] = {}
    more = False
    for space in spaces.of_user(connection, user):
        known = cursor.get(space.id)
        if limit == 0:
            # The next page begins here; a cursor that is not good will be found out then.
            more = True
            if known is not None:
                reached[space.id] = known
            continue
        begun = start(known, epoch=space.epoch, head=space.head, min_seq=space.min_seq)
        # One row more than fits tells whether there is another page.
        rows = tasks.since(connection, space.id, begun.seq, limit + 1, tombstones=not begun.reset)
        page = rows[:limit]
        through = space.head if len(rows) <= limit else page[-1].seq
        more = more or through < space.head
        limit -= len(page)
        reached[space.id] = after(begun, epoch=space.epoch, through=through)
        answered.append(
            {
                "id": space.id,
                "epoch": space.epoch,
                "head": space.head,
                "through": through,
                "reset": begun.reset,
                "tasks": [document(task) for task in page if task.deleted_at is None],
                "deleted": [task.id for task in page if task.deleted_at is not None],
            }
        )
    return orjson.dumps({"cursor": encode_cursor(reached), "more": more, "spaces": answered})


def task_list(connection: Connection, claims: AccessClaims) -> bytes:
    """Return all live tasks and the cursor of the same snapshot, as `tandem_protocol.tasks.TaskList` in JSON.

    Raises:
        ProblemError: The session has ended.
    """
    user = acting(connection, claims).user_id
    cursor = {space.id: SpaceCursor(space.epoch, space.head, space.head) for space in spaces.of_user(connection, user)}
    found = [document(task) for task in tasks.live(connection, user)]
    return orjson.dumps({"tasks": found, "cursor": encode_cursor(cursor)})


def heads(connection: Connection, request: HeadsRequest) -> HeadsReply:
    """Return where the spaces of many users stand, and which of many sessions have ended."""
    found: dict[str, dict[str, SpaceHead]] = {user: {} for user in request.users}
    for user, space in spaces.of_users(connection, request.users):
        found[user][space.id] = SpaceHead(epoch=space.epoch, head=space.head)
    return HeadsReply(heads=found, ended=sessions.ended(connection, request.sessions))
