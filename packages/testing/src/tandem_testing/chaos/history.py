"""What went over the wire: every write that was tried, and every answer to it. It knows nothing of the client."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx
import orjson

from tandem_protocol.problems import ProblemCode

Document = dict[str, Any]


@dataclass(slots=True)
class Attempt:
    """A write under one ``Idempotency-Key``, over all its tries."""

    key: str
    user: str
    kind: str
    """``create``, ``patch``, ``delete`` or ``restore``."""
    task: str | None
    """``None``: the server makes the id."""
    fields: Document
    done: list[Document] = field(default_factory=list[Document])
    """The answers that said that it was done."""
    refused: list[str] = field(default_factory=list[str])
    """The codes of final refusals."""
    exists: bool = False
    """A create was refused because an earlier try was done (CL10); nobody said at which place."""
    told: Document | None = None
    """What the client told its user that was done: an answer, or an event that carried the key."""
    told_refused: bool = False

    @property
    def in_doubt(self) -> bool:
        """Whether nobody knows if it was done, or at which place."""
        return self.exists or (not self.done and not self.refused and self.told is None)

    @property
    def known(self) -> list[Document]:
        """Return what is known to have been done."""
        return [] if self.exists else [*self.done, *([self.told] if self.told else [])]


class History:
    """All attempts by their keys."""

    def __init__(self) -> None:
        """Begin."""
        self.attempts: dict[str, Attempt] = {}
        self.answers = 0
        self.tries = 0

    def sent(self, request: httpx.Request) -> Attempt | None:
        """Note a request that is about to be sent; return its attempt, if it is a write under a key."""
        key = request.headers.get("idempotency-key")
        if key is None:
            return None
        self.tries += 1
        if key not in self.attempts:
            self.attempts[key] = _attempt(key, request)
        return self.attempts[key]

    def answered(self, attempt: Attempt, reply: httpx.Response) -> None:
        """Note an answer that arrived whole."""
        if reply.is_success:
            self.answers += 1
            attempt.done.append(orjson.loads(reply.content))
        elif _is_final(reply):
            code = orjson.loads(reply.content)["code"]
            if code == ProblemCode.TASK_EXISTS:
                attempt.exists = True
            else:
                attempt.refused.append(code)


class RecordingTransport(httpx.AsyncBaseTransport):
    """Sends requests, and writes down what the checker has to know."""

    def __init__(self, history: History) -> None:
        """Create it."""
        self.pulls = 0
        """Questions to the feed."""
        self._history = history
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        attempt = self._history.sent(request)
        self.pulls += request.url.path.endswith("/changes")
        reply = await self._inner.handle_async_request(request)
        if attempt is not None:
            await reply.aread()
            self._history.answered(attempt, reply)
        return reply

    async def aclose(self) -> None:
        """See `httpx.AsyncBaseTransport`."""
        await self._inner.aclose()


def _attempt(key: str, request: httpx.Request) -> Attempt:
    _, _, user, *rest = request.url.path.split("/")
    body: Document = orjson.loads(request.content) if request.content else {}
    match request.method, rest:
        case "POST", ["tasks"]:
            return Attempt(key, user, "create", body.pop("id", None), body)
        case "PATCH", ["tasks", task]:
            return Attempt(key, user, "patch", task, body)
        case "DELETE", ["tasks", task]:
            return Attempt(key, user, "delete", task, {})
        case "POST", ["tasks", task, "restore"]:
            return Attempt(key, user, "restore", task, {})
        case _:
            raise ValueError(f"no write that is known: {request.method} {request.url.path}")


def _is_final(reply: httpx.Response) -> bool:
    retried = {HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
    is_problem = reply.headers.get("content-type") == "application/problem+json"
    return is_problem and reply.is_client_error and reply.status_code not in retried
