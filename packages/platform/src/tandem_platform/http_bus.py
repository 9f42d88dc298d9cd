"""A bus without a broker: posts to the websocket service what Dapr's sidecar would post.

For development with several processes (``make dev``). There is no queue behind it: the outbox is the queue.
"""

from collections.abc import Sequence

import httpx
import orjson

from tandem_platform.bus import BusUnavailableError


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
        entries = [
            {
                "entryId": str(number),
                "contentType": "application/cloudevents+json",
                "event": {"specversion": "1.0", "topic": topic, "data": orjson.Fragment(event)},
            }
            for number, event in enumerate(events)
        ]
        body = orjson.dumps({"id": "direct", "topic": topic, "entries": entries})
        try:
            reply = await self._client.post(
                f"{self._base_url}/events/{topic}", content=body, headers=self._headers
            )
            reply.raise_for_status()
            statuses = reply.json()["statuses"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise BusUnavailableError(f"{self._base_url} did not take the events: {error}") from error
        if any(status["status"] == "RETRY" for status in statuses):
            raise BusUnavailableError(f"{self._base_url} asked for a retry")

    async def close(self) -> None:
        """Close the HTTP client."""
        await self._client.aclose()
