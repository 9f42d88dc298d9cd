"""The event bus port: what carries events from the backend to the websocket service."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

TASK_UPDATES: Final = "task-updates"
"""The topic of task events."""

Handler = Callable[[Sequence[bytes]], Awaitable[None]]
"""Takes a batch of events, each one JSON document. Raising means that none of them counts as delivered."""


class BusUnavailableError(Exception):
    """The bus did not take the events. The caller keeps them and tries again (EV4)."""


class EventBus(Protocol):
    """Publishes events, at least once each, in the order given."""

    async def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Hand a batch to the bus.

        Args:
            topic: Where to.
            events: JSON documents, oldest first.

        Raises:
            BusUnavailableError: Perhaps some, perhaps none of them were taken.
        """
        ...

    async def close(self) -> None:
        """Let go of connections. From then on `publish` raises `BusUnavailableError`."""
        ...


class InProcessBus:
    """Delivers to handlers of the same process: the bus of an embedded Tandem."""

    def __init__(self) -> None:
        self._handlers: dict[str, list[Handler]] = {}
        self._closed = False

    def subscribe(self, topic: str, handler: Handler) -> None:
        """Have ``handler`` called with everything that is published to ``topic`` from now on."""
        self._handlers.setdefault(topic, []).append(handler)

    async def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Call the topic's handlers, one after the other; see `EventBus.publish`."""
        if self._closed:
            raise BusUnavailableError("the bus is closed")
        for handler in tuple(self._handlers.get(topic, ())):
            try:
                await handler(events)
            except Exception as error:
                raise BusUnavailableError(f"a handler of {topic} failed") from error

    async def close(self) -> None:
        """Forget the handlers and take nothing more; see `EventBus.close`."""
        self._closed = True
        self._handlers.clear()
