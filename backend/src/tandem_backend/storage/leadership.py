"""Which of several backends publishes the events (EV8)."""

from collections.abc import Callable
from typing import Protocol


class Leadership(Protocol):
    """Sees to it that one backend at a time leads, and that commits of the others wake it."""

    @property
    def leads(self) -> bool:
        """Whether this backend leads, as far as it knows without asking."""
        ...

    def start(self, changed: Callable[[], None]) -> None:
        """Begin to strive for it.

        Args:
            changed: Called on the event loop when this backend begins to lead, when it leads no more, and when
                another backend announced a commit to it.
        """
        ...

    async def confirm(self) -> bool:
        """Return whether this backend leads; asks when it last heard so too long ago, as after a freeze."""
        ...

    def announce(self) -> None:
        """Let the leader know of a commit, unless that is this backend."""
        ...

    def step_aside(self) -> None:
        """Let another backend try, if there is one; this one goes on otherwise."""
        ...

    async def stop(self) -> None:
        """Give it up. A successor goes on at once."""
        ...


class AlwaysLeader:
    """The leadership of a backend that is the only one on its database."""

    @property
    def leads(self) -> bool:
        """See `Leadership.leads`."""
        return True

    def start(self, changed: Callable[[], None]) -> None:
        """See `Leadership.start`."""

    async def confirm(self) -> bool:
        """See `Leadership.confirm`."""
        return True

    def announce(self) -> None:
        """See `Leadership.announce`."""

    def step_aside(self) -> None:
        """See `Leadership.step_aside`."""

    async def stop(self) -> None:
        """See `Leadership.stop`."""
