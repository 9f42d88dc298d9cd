"""The change feed (FD rules) and its cursor."""

import base64
import binascii
from typing import Annotated, Final, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from tandem_protocol.base import Identifier, Outward
from tandem_protocol.tasks import Task


class SpaceChanges(Outward):
    """What changed in a space. ``through`` is the ``seq`` up to which this answer tells everything.

    It equals ``head`` on the last page. With ``reset`` the client drops what it held of the space (FD3).
    """

    id: Identifier
    epoch: Identifier
    head: int
    through: int
    reset: bool
    tasks: list[Task]
    deleted: list[Identifier]


class Changes(Outward):
    """An answer of the feed. With ``more`` the client asks again with ``cursor`` at once."""

    cursor: str
    more: bool
    spaces: list[SpaceChanges]


class SpaceCursor(NamedTuple):
    """How far a reader has read a space.

    ``floor`` is the highest ``min_seq`` under which the cursor is still good: at least ``seq``, and while the
    pages of a reset are being read, the head at which that reading began. What was purged below it had been
    deleted before the reader began, who has therefore never seen it.
    """

    epoch: str
    seq: int
    floor: int


class InvalidCursorError(ValueError):
    """A cursor that this server did not make (FD5)."""


_Position = Annotated[int, Field(ge=0, lt=2**63)]
_CURSOR: Final = TypeAdapter(dict[Identifier, tuple[Identifier, _Position, _Position]])
_CURSOR_MAX: Final = 64 * 1024


def encode_cursor(spaces: dict[str, SpaceCursor]) -> str:
    """Return the opaque text of a cursor: base64url (RFC 4648) of a JSON object."""
    return base64.urlsafe_b64encode(_CURSOR.dump_json(dict(spaces))).decode().rstrip("=")


def decode_cursor(text: str) -> dict[str, SpaceCursor]:
    """Read a cursor that `encode_cursor` made.

    Raises:
        InvalidCursorError: The text is no cursor of ours.
    """
    if len(text) > _CURSOR_MAX:
        raise InvalidCursorError("cursor is too long")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return {space: SpaceCursor(*entry) for space, entry in _CURSOR.validate_json(raw).items()}
    except (binascii.Error, ValidationError, ValueError) as error:
        raise InvalidCursorError("cursor cannot be read") from error
