"""Which events are let in: those that a backend signed, and lately (EV9)."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter

from tandem_platform.event_signatures import SIGNATURE, BadSignatureError, EventKeys

Document = Mapping[str, Any]
_DOCUMENT: TypeAdapter[Document] = TypeAdapter(dict[str, Any])


class EventGate:
    """Checks signatures; without keys it lets in what a bus of the same process or machine brings."""

    def __init__(self, keys: EventKeys | None, now: Callable[[], float]) -> None:
        """Create it.

        Args:
            keys: Verify; None where events do not pass a broker.
            now: Seconds since 1970.
        """
        self._keys = keys
        self._now = now

    @property
    def verifies(self) -> bool:
        """Whether events have to be signed."""
        return self._keys is not None

    def admit(self, document: object) -> Document:
        """Return the event as its backend wrote it.

        Args:
            document: Decoded JSON, of whatever kind.

        Raises:
            BadSignatureError: No backend wrote it.
            StaleEventError: One did, long ago.
        """
        if not isinstance(document, dict):
            raise BadSignatureError("unknown_type")
        event = _DOCUMENT.validate_python(document)
        if self._keys is None:
            return {name: value for name, value in event.items() if name != SIGNATURE}
        return self._keys.verify(event, self._now())
