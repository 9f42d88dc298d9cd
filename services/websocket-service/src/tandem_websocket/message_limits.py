"""How much a user may send, over all sockets together (WS5)."""

from collections.abc import Callable

from tandem_platform.rate_limit import Rate, check


class MessageLimits:
    """One rate limit a user; it outlives the user's sockets, so that reconnecting does not reset it."""

    def __init__(self, rate: Rate, monotonic: Callable[[], float]) -> None:
        """Create it.

        Args:
            rate: What a user may send.
            monotonic: Seconds of a clock that does not go back.
        """
        self._rate = rate
        self._monotonic = monotonic
        self._states: dict[str, float] = {}

    def take(self, user_id: str) -> bool:
        """Count a message; False if it is one too many."""
        verdict = check(self._rate, self._states.get(user_id, 0.0), self._monotonic())
        self._states[user_id] = verdict.state
        return verdict.allowed

    def forget_idle(self) -> None:
        """Forget the users who may send as much as if they had never sent anything."""
        now = self._monotonic()
        self._states = {user: state for user, state in self._states.items() if state > now}
