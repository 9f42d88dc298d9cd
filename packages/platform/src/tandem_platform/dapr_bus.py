"""The bus of many machines: Dapr's pub/sub building block, and the broker that is set up behind it."""

from collections.abc import Mapping, Sequence

from tandem_platform.bus import BusUnavailableError
from tandem_platform.dapr_sidecar import Sidecar, SidecarError


class DaprBus:
    """Publishes in bulk. The broker may mix up a batch; consumers put it in order again."""

    def __init__(self, sidecar: Sidecar, topics: Mapping[str, str]) -> None:
        """Create the bus.

        Args:
            sidecar: Takes the events; closed with the bus.
            topics: What the broker calls a topic, where that is another name.
        """
        self._sidecar = sidecar
        self._topics = topics

    async def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Hand a batch to the sidecar; see `EventBus.publish`."""
        if not events:
            return
        try:
            await self._sidecar.publish(self._topics.get(topic, topic), events)
        except SidecarError as error:
            raise BusUnavailableError(str(error)) from error

    async def close(self) -> None:
        """Close the connections; see `EventBus.close`."""
        await self._sidecar.close()
