"""What the service asks of the backend: it has no database, so it asks for heads once a heartbeat."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import httpx
from pydantic import BaseModel, ValidationError

from tandem_protocol.heads import CanaryRequest, HeadsReply, HeadsRequest


class BackendUnavailableError(Exception):
    """The backend did not answer, or refused; the text says what to look at."""


HeadsSource = Callable[[HeadsRequest], Awaitable[HeadsReply]]
"""Answers the heads of users and which of the sessions have ended; raises `BackendUnavailableError` (WS2)."""


class BackendClient:
    """Asks by HTTP, at the backend's own address or by way of a sidecar."""

    def __init__(self, backend_url: str, internal_token: str, client: httpx.AsyncClient) -> None:
        """Create the client.

        Args:
            backend_url: Such as ``http://127.0.0.1:8000``.
            internal_token: What the backend expects of other services.
            client: Asks; its timeouts hold.
        """
        self._url = f"{backend_url.rstrip('/')}/internal"
        self._headers = {"authorization": f"Bearer {internal_token}", "content-type": "application/json"}
        self._client = client

    async def heads(self, request: HeadsRequest) -> HeadsReply:
        """Ask for one batch of heads.

        Raises:
            BackendUnavailableError: The backend cannot be reached, refuses, or answers something else.
        """
        reply = await self._post("heads", request)
        try:
            return HeadsReply.model_validate_json(reply.content)
        except ValidationError as error:
            raise BackendUnavailableError(f"{self._url}/heads answered something else") from error

    async def send_canary(self, event_id: str) -> None:
        """Have the backend publish a canary (EV10).

        Raises:
            BackendUnavailableError: It did not.
        """
        await self._post("canary", CanaryRequest(event_id=event_id))

    async def _post(self, name: str, body: BaseModel) -> httpx.Response:
        url = f"{self._url}/{name}"
        try:
            reply = await self._client.post(url, content=body.model_dump_json().encode(), headers=self._headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise BackendUnavailableError(f"{url}: {type(error).__name__}: {error}") from error
        if reply.status_code == HTTPStatus.NOT_FOUND:
            raise BackendUnavailableError(f"{url} answered 404; TANDEM_INTERNAL_TOKEN has to be the backend's")
        if reply.is_error:
            raise BackendUnavailableError(f"{url} answered {reply.status_code}")
        return reply
