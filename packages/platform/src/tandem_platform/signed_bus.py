"""A bus that signs what goes through it (EV9)."""

from collections.abc import Callable, Sequence

from tandem_platform.bus import EventBus
from tandem_platform.event_signatures import EventKeys


class SignedBus:
    """Signs events at the moment of publishing: what waited in the outbox for an hour is fresh when it goes."""

    def __init__(self, bus: EventBus, keys: EventKeys, now: Callable[[], float]) -> None:
        """Create it.

        Args:
            bus: Takes the signed events; closed with this one.
            keys: Sign.
            now: Seconds since 1970.
        """
        self._bus = bus
        self._keys = keys
        self._now = now

    async def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Sign and pass on; see `EventBus.publish`."""
        now = self._now()
        await self._bus.publish(topic, [self._keys.sign(event, now) for event in events])

    async def close(self) -> None:
        """Close the bus behind; see `EventBus.close`."""
        await self._bus.close()
