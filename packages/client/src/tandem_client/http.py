"""Requests and answers."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import httpx
from pydantic import BaseModel, ValidationError

from tandem_client.errors import RefusedError, UnavailableError

_RETRY_AFTER_MAX: Final = 600.0
"""Nobody waits longer than that, whatever the server asks."""


class _Said(BaseModel):
    """Of a problem document (RFC 9457), what this client reads; a later server may have other codes."""

    code: str = ""
    detail: str = ""


class Http:
    """Sends requests to a server; what is no answer of Tandem's is an error."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        """Create it; ``client`` has the base URL, the timeouts, and keeps the refresh cookie."""
        self._client = client

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        key: str | None = None,
        body: BaseModel | None = None,
        query: Mapping[str, str] | None = None,
    ) -> bytes:
        """Send a request and return the body of the answer.

        Args:
            method: Such as ``GET``.
            path: From the root.
            token: An access token.
            key: The ``Idempotency-Key`` (WR4).
            body: What is set in it is sent as JSON.
            query: Parameters.

        Raises:
            UnavailableError: There was no answer.
            RefusedError: The answer was a refusal.
        """
        headers = {"accept": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        if key is not None:
            headers["idempotency-key"] = key
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = body.model_dump_json(exclude_unset=True)
        try:
            reply = await self._client.request(method, path, headers=headers, content=content, params=query)
        except httpx.RequestError as error:
            raise UnavailableError(f"no answer: {error!r}") from error
        if reply.is_success:
            return reply.content
        raise _refusal(reply)


def _refusal(reply: httpx.Response) -> RefusedError | UnavailableError:
    if reply.status_code < HTTPStatus.BAD_REQUEST:
        return UnavailableError(f"the answer is a {reply.status_code}")
    try:
        said = _Said.model_validate_json(reply.content)
    except ValidationError:
        # A proxy between here and Tandem.
        said = _Said(detail=reply.reason_phrase)
    return RefusedError(reply.status_code, said.code, said.detail, _seconds(reply.headers.get("retry-after", "")))


def _seconds(text: str) -> float:
    return min(float(text), _RETRY_AFTER_MAX) if text.isascii() and text.isdigit() else 0.0
