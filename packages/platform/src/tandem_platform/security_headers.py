"""Headers that every answer has, so that nothing of a server is taken for something that it is not."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    # For what is no page: nothing in it may run or be framed. Pages bring a policy of their own.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


class SecurityHeaders:
    """ASGI middleware that adds the headers that an answer does not have by itself."""

    def __init__(self, app: ASGIApp, hsts_seconds: int = 0) -> None:
        """Wrap ``app``.

        Args:
            app: Answers.
            hsts_seconds: For how long browsers shall use https alone (RFC 6797); only said by https.
        """
        self._app = app
        self._secure = (
            {**_HEADERS, "strict-transport-security": f"max-age={hsts_seconds}"} if hsts_seconds else _HEADERS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        added = self._secure if scope["scheme"] == "https" else _HEADERS

        async def with_headers(message: Message) -> None:
            # A browser puts the headers of a 304 in place of those of the page that it kept (RFC 9111 section 3.2).
            if message["type"] == "http.response.start" and message["status"] != HTTPStatus.NOT_MODIFIED:
                headers = MutableHeaders(scope=message)
                for name, value in added.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)
