"""What Dapr's sidecar posts: CloudEvents 1.0, one at a time or in bulk, and what it wants to hear."""

from typing import Any, Final, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

SUCCESS: Final = "SUCCESS"
DROP: Final = "DROP"
"""Not to be sent again: it goes to the dead-letter topic, if there is one."""


_DOCUMENT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class NotAnEnvelopeError(Exception):
    """The body is nothing that Dapr would post."""


class _CloudEvent(BaseModel):
    model_config = ConfigDict(extra="ignore")

    data: Any


class _BulkEntry(BaseModel):
    model_config = ConfigDict(extra="ignore")

    entryId: str  # noqa: N815 - Dapr's name
    event: Any = None


class _Bulk(BaseModel):
    model_config = ConfigDict(extra="ignore")

    entries: list[Any]


class Delivery(NamedTuple):
    """The events of one request as decoded JSON, None where an envelope holds none.

    ``ids`` are the entries of a bulk; None for a single event.
    """

    events: list[object]
    ids: list[str] | None


def read_delivery(body: bytes) -> Delivery:
    """Unwrap what the sidecar posted.

    Raises:
        NotAnEnvelopeError: It is no JSON object.
    """
    try:
        document = _DOCUMENT.validate_json(body)
    except ValidationError as error:
        raise NotAnEnvelopeError("not a JSON object") from error
    try:
        bulk = _Bulk.model_validate(document)
    except ValidationError:
        return Delivery([_data(document)], None)
    events: list[object] = []
    ids: list[str] = []
    for item in bulk.entries:
        try:
            entry = _BulkEntry.model_validate(item)
        except ValidationError:
            continue  # Without an id there is nothing that the sidecar could be told.
        ids.append(entry.entryId)
        events.append(_data(entry.event))
    return Delivery(events, ids)


def reply(delivery: Delivery, understood: list[bool]) -> dict[str, Any]:
    """Return the answer for the sidecar.

    Args:
        delivery: What it posted.
        understood: For each event whether it was one. Nothing is ever asked for again: an event that could
            not be read today cannot be read tomorrow.
    """
    statuses = [SUCCESS if good else DROP for good in understood]
    if delivery.ids is None:
        return {"status": statuses[0]}
    return {
        "statuses": [
            {"entryId": entry_id, "status": status} for entry_id, status in zip(delivery.ids, statuses, strict=True)
        ]
    }


def _data(envelope: object) -> object:
    try:
        data: object = _CloudEvent.model_validate(envelope).data
        # A publisher that did not name its content type makes Dapr send the JSON as a string.
        return orjson.loads(data) if isinstance(data, str) else data
    except (ValidationError, orjson.JSONDecodeError):
        return None
