"""Moments as the database keeps them (milliseconds since 1970 UTC) and as the wire shows them."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Return an aware datetime as milliseconds since 1970; finer parts are cut off."""
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """Return milliseconds since 1970 as a datetime in UTC."""
    return _EPOCH + timedelta(milliseconds=ms)


def wire(ms: int) -> str:
    """Return the form of the wire: RFC 3339 in UTC with milliseconds."""
    return from_ms(ms).isoformat(timespec="milliseconds")[:-6] + "Z"


def wire_or_none(ms: int | None) -> str | None:
    """Return `wire` of a moment that may be missing."""
    return None if ms is None else wire(ms)
