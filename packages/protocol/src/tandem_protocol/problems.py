"""Problem documents (RFC 9457): every refusal has a stable ``code`` (WR8)."""

from enum import StrEnum

from pydantic import Field

from tandem_protocol.base import Outward


class ProblemCode(StrEnum):
    """Codes that clients may rely on. The text of ``detail`` may change, a code does not."""

    INVALID_REQUEST = "invalid_request"
    INVALID_CURSOR = "invalid_cursor"
    INVALID_IDEMPOTENCY_KEY = "invalid_idempotency_key"
    UNAUTHENTICATED = "unauthenticated"
    INVALID_CREDENTIALS = "invalid_credentials"
    SESSION_ENDED = "session_ended"
    FORBIDDEN = "forbidden"
    REGISTRATION_CLOSED = "registration_closed"
    NOT_FOUND = "not_found"
    TASK_NOT_FOUND = "task_not_found"
    SPACE_NOT_FOUND = "space_not_found"
    SESSION_NOT_FOUND = "session_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TASK_DELETED = "task_deleted"
    TASK_EXISTS = "task_exists"
    EMAIL_TAKEN = "email_taken"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    TOO_LARGE = "too_large"
    TOO_MANY_TRIES = "too_many_tries"
    INTERNAL = "internal"
    STORAGE_FULL = "storage_full"
    UNAVAILABLE = "unavailable"


class FieldError(Outward):
    """What is wrong with a part of the request; ``field`` is its path, such as ``title`` or ``due.zone``."""

    field: str
    message: str


class Problem(Outward):
    """A refusal. ``trace_id`` is there when the server's log says more under it (TR3)."""

    type: str
    title: str
    status: int
    detail: str
    code: ProblemCode
    errors: list[FieldError] = Field(default_factory=list[FieldError])
    trace_id: str | None = Field(default=None, exclude_if=lambda value: value is None)


def problem_type(code: ProblemCode) -> str:
    """Return the URI that names a kind of problem."""
    return f"urn:tandem:problem:{code.value}"
