"""Sessions that have ended while their access tokens still verify (AU5, WS8)."""

from typing import Final

from tandem_platform.tokens import ACCESS_SECONDS_MAX

_REMEMBERED_MAX: Final = 100_000


class Revocations:
    """Remembers ended sessions until their last token has ended; bounded, the oldest are forgotten first."""

    def __init__(self, limit: int = _REMEMBERED_MAX) -> None:
        self._until: dict[str, float] = {}
        self._limit = limit

    def add(self, session_id: str, now: float) -> None:
        """Remember a session.

        Args:
            session_id: Which.
            now: Seconds of a clock that does not go back, as for `forget_old`.
        """
        self._until.pop(session_id, None)
        while len(self._until) >= self._limit:
            del self._until[next(iter(self._until))]
        self._until[session_id] = now + ACCESS_SECONDS_MAX

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._until

    def forget_old(self, now: float) -> None:
        """Forget the sessions whose tokens have ended by themselves."""
        # Insertion order is the order of the ends.
        while self._until and next(iter(self._until.values())) <= now:
            del self._until[next(iter(self._until))]
