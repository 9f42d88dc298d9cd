"""A bus without a broker: posts to the websocket service what Dapr's sidecar would post.

For development with several processes (``make dev``). There is no queue behind it: the outbox is the queue.
"""

from collections.abc import Sequence
from typing import Final

import httpx
import orjson

from tandem_platform.bus import BusUnavailableError

_TAKEN: Final = frozenset({"SUCCESS", "DROP"})
"""Answers of a subscriber after which Dapr delivers an event no more; the third is ``RETRY``."""


class HttpBus:
    """Publishes by HTTP to one subscriber, in the form of Dapr's bulk delivery."""

    def __init__(self, base_url: str, client: httpx.AsyncClient, api_token: str | None = None) -> None:
        """Create the bus.

        Args:
            base_url: The subscriber, such as ``http://127.0.0.1:8005``.
            client: Lives as long as the bus; its timeouts hold.
            api_token: What the subscriber expects in ``dapr-api-token``.
        """
        self._base_url = base_url.rstrip("/")
        self._client = client
        self._headers = {"content-type": "application/json"}
        if api_token:
            self._headers["dapr-api-token"] = api_token

    async def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Post the batch; see `EventBus.publish`."""
        if self._client.is_closed:
            raise BusUnavailableError("the bus is closed")
        by_id = {str(number): event for number, event in enumerate(events)}
        entries = [
            {
                "entryId": entry_id,
                "contentType": "application/cloudevents+json",
                "event": {"specversion": "1.0", "topic": topic, "data": orjson.Fragment(event)},
            }
            for entry_id, event in by_id.items()
        ]
        body = orjson.dumps({"id": "direct", "topic": topic, "entries": entries})
        try:
            reply = await self._client.post(f"{self._base_url}/events/{topic}", content=body, headers=self._headers)
            reply.raise_for_status()
            taken = {entry["entryId"] for entry in reply.json()["statuses"] if entry["status"] in _TAKEN}
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise BusUnavailableError(f"{self._base_url} did not take the events: {error!r}") from error
        if taken != by_id.keys():
            raise BusUnavailableError(f"{self._base_url} did not take all of the events")

    async def close(self) -> None:
        """Close the HTTP client."""
        await self._client.aclose()
