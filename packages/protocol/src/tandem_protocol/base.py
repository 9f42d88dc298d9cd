"""What all models of the wire format share."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

NO_CONTROL: Final = r"^[^\x00-\x1f\x7f]*$"
"""A single line of text: no C0 control characters, no DEL."""


class Inward(BaseModel):
    """A message that Tandem receives: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Outward(BaseModel):
    """A message that Tandem sends. Readers ignore fields that they do not know (WS11)."""

    model_config = ConfigDict(frozen=True)


def format_timestamp(moment: datetime) -> str:
    """Return ``moment`` as RFC 3339 in UTC with milliseconds: ``2025-12-31T12:00:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _in_utc(moment: datetime) -> datetime:
    # The first hours of year 1 and the last of year 9999 have no form in UTC, and so none on the wire.
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("out of the range of years 1 to 9999 in UTC") from None


Timestamp = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    PlainSerializer(format_timestamp, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment; in JSON an RFC 3339 string in UTC."""

Identifier = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
]
"""A UUID in the canonical form of RFC 9562: lower case, with hyphens."""

Traceparent = Annotated[str, StringConstraints(pattern=r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")]
"""The ``traceparent`` of W3C Trace Context, version 00 (TR1)."""

Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""Text of any number of lines. NUL is refused: PostgreSQL cannot store it."""
