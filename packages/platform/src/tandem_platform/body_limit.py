"""A limit on the size of request bodies, before they are read into memory."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tandem_platform.problems import ProblemError, problem_response
from tandem_protocol.problems import ProblemCode


class BodyLimit:
    """ASGI middleware that refuses larger bodies, whether they tell their length or not.

    FastAPI has a limit of its own; it answers in plain text, and every refusal is a problem document (WR8).
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        """Wrap ``app``; ``limit`` is bytes."""
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if length.isdigit() and int(length) > self._limit:
            await problem_response(self._refusal())(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                # On its way out it meets the application's handler of problems. FastAPI lets no other exception through
                # while it reads a body.
                refusal = self._refusal().problem
                raise HTTPException(refusal.status, refusal.detail)
            return message

        await self._app(scope, counted, send)

    def _refusal(self) -> ProblemError:
        return ProblemError(ProblemCode.TOO_LARGE, f"A request may have {self._limit} bytes.")
