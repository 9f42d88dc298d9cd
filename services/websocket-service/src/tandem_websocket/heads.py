"""Where heads come from: the websocket service has no database and asks the backend, once a heartbeat."""

from collections.abc import Awaitable, Callable

import httpx
from pydantic import ValidationError

from tandem_protocol.heads import HeadsReply, HeadsRequest


class HeadsUnavailableError(Exception):
    """The backend did not answer; pings go out without heads (WS2)."""


HeadsSource = Callable[[HeadsRequest], Awaitable[HeadsReply]]
"""Answers the heads of users and which of the sessions have ended; raises `HeadsUnavailableError`."""


class RemoteHeads:
    """Asks the backend by HTTP. An instance is a `HeadsSource`."""

    def __init__(self, backend_url: str, internal_token: str, client: httpx.AsyncClient) -> None:
        """Create the source.

        Args:
            backend_url: Such as ``http://127.0.0.1:8000``.
            internal_token: What the backend expects of other services.
            client: Asks; its timeouts hold.
        """
        self._url = f"{backend_url.rstrip('/')}/internal/heads"
        self._headers = {"authorization": f"Bearer {internal_token}", "content-type": "application/json"}
        self._client = client

    async def __call__(self, request: HeadsRequest) -> HeadsReply:
        """Ask for one batch.

        Raises:
            HeadsUnavailableError: The backend cannot be reached, refuses, or answers something else.
        """
        try:
            reply = await self._client.post(
                self._url, content=request.model_dump_json().encode(), headers=self._headers
            )
            reply.raise_for_status()
            return HeadsReply.model_validate_json(reply.content)
        except (httpx.HTTPError, httpx.InvalidURL, ValidationError) as error:
            raise HeadsUnavailableError(f"{self._url}: {type(error).__name__}: {error}") from error
