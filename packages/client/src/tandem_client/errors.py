"""What can go wrong, and what of it may go better later (CL9)."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

_TRANSIENT: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS},
)
_OF_ALL: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_GATEWAY},
)


class TandemError(Exception):
    """Anything that this client raises on purpose."""


class UnavailableError(TandemError):
    """No answer came, or none that Tandem would give."""


class RefusedError(TandemError):
    """The server refused; ``code`` is one of the stable codes of the protocol, or empty when a proxy answered."""

    def __init__(self, status: int, code: str, detail: str, retry_after: float = 0.0) -> None:
        """Create it; ``retry_after`` is how many seconds the server wants to be left alone."""
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


class SessionEndedError(TandemError):
    """The session is over: signed out elsewhere, revoked, or the password was changed."""


class StoppedError(TandemError):
    """The client was closed."""


class UnsentError(TandemError):
    """The client was closed with edits that the server did not answer."""

    def __init__(self, task_ids: Sequence[str]) -> None:
        """Create it; ``task_ids`` are the tasks of those edits."""
        super().__init__(f"{len(task_ids)} edits have no answer")
        self.task_ids = tuple(task_ids)


def is_transient(error: TandemError) -> bool:
    """Return whether the same request may be answered otherwise later (CL9)."""
    if isinstance(error, RefusedError):
        return error.status in _TRANSIENT or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, UnavailableError)


def concerns_all(error: TandemError) -> bool:
    """Return whether an error says something of the server or of the session, and not of the one request."""
    return isinstance(error, UnavailableError) or (isinstance(error, RefusedError) and error.status in _OF_ALL)


def retry_after(error: TandemError) -> float:
    """Return how many seconds the server wants to be left alone."""
    return error.retry_after if isinstance(error, RefusedError) else 0.0
