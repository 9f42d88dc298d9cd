"""Problem documents as HTTP answers (RFC 9457), the same for every service."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from tandem_platform.request_trace import request_trace
from tandem_platform.trace_context import trace_id_of
from tandem_protocol.problems import FieldError, Problem, ProblemCode, problem_type

logger = logging.getLogger(__name__)

_KINDS: Final[Mapping[ProblemCode, tuple[int, str]]] = {
    ProblemCode.INVALID_REQUEST: (422, "The request is not valid"),
    ProblemCode.INVALID_CURSOR: (400, "The cursor cannot be read"),
    ProblemCode.INVALID_IDEMPOTENCY_KEY: (400, "The Idempotency-Key is not valid"),
    ProblemCode.UNAUTHENTICATED: (401, "A valid access token is needed"),
    ProblemCode.INVALID_CREDENTIALS: (401, "Wrong email address or password"),
    ProblemCode.SESSION_ENDED: (401, "The session has ended"),
    ProblemCode.FORBIDDEN: (403, "That is not yours"),
    ProblemCode.REGISTRATION_CLOSED: (403, "This server takes no new accounts"),
    ProblemCode.NOT_FOUND: (404, "There is nothing here"),
    ProblemCode.TASK_NOT_FOUND: (404, "There is no such task"),
    ProblemCode.SPACE_NOT_FOUND: (404, "There is no such list"),
    ProblemCode.SESSION_NOT_FOUND: (404, "There is no such session"),
    ProblemCode.METHOD_NOT_ALLOWED: (405, "That cannot be done here"),
    ProblemCode.TASK_EXISTS: (409, "The task exists already"),
    ProblemCode.EMAIL_TAKEN: (409, "There is an account with that address"),
    ProblemCode.TASK_DELETED: (410, "The task was deleted"),
    ProblemCode.TOO_LARGE: (413, "The request is too large"),
    ProblemCode.IDEMPOTENCY_KEY_REUSED: (422, "The Idempotency-Key belongs to another request"),
    ProblemCode.TOO_MANY_TRIES: (429, "Too many tries"),
    ProblemCode.INTERNAL: (500, "Something went wrong on the server"),
    ProblemCode.UNAVAILABLE: (503, "The server cannot do that now"),
    ProblemCode.STORAGE_FULL: (507, "The server's disk is full"),
}
_BY_STATUS: Final[Mapping[int, ProblemCode]] = {
    400: ProblemCode.INVALID_REQUEST,
    401: ProblemCode.UNAUTHENTICATED,
    403: ProblemCode.FORBIDDEN,
    404: ProblemCode.NOT_FOUND,
    405: ProblemCode.METHOD_NOT_ALLOWED,
    413: ProblemCode.TOO_LARGE,
    429: ProblemCode.TOO_MANY_TRIES,
    503: ProblemCode.UNAVAILABLE,
    507: ProblemCode.STORAGE_FULL,
}
_FIELD_ERRORS_MAX: Final = 20
_FIELD_MAX: Final = 100
_UNION_TAGS: Final = frozenset({"day", "instant"})
"""Pydantic names the chosen member of a union in its paths; the document has no such level."""


class ProblemError(Exception):
    """A refusal on its way to the client."""

    def __init__(
        self,
        code: ProblemCode,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Create a refusal.

        Args:
            code: What kind; status and title follow from it.
            detail: What exactly, and how to mend it. For people; never holds a secret.
            errors: The parts of the request that are wrong.
            headers: To send along, such as ``Retry-After``.
        """
        super().__init__(detail)
        self.code = code
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
        status, title = _KINDS[code]
        self.problem = Problem(
            type=problem_type(code), title=title, status=status, detail=detail, code=code, errors=list(errors)
        )


def problem_response(error: ProblemError, status: int | None = None) -> Response:
    """Return the HTTP answer for a refusal; ``status`` replaces the usual one of its code."""
    problem = error.problem if status is None else error.problem.model_copy(update={"status": status})
    headers = dict(error.headers)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("www-authenticate", "Bearer")
    return Response(
        orjson.dumps(problem.model_dump(mode="json")),
        problem.status,
        headers=headers,
        media_type="application/problem+json",
    )


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """Turn Pydantic's errors into ours, without the refused values (they may be secrets)."""
    return [FieldError(field=_path(error["loc"]), message=_message(error)) for error in errors[:_FIELD_ERRORS_MAX]]


def _path(loc: Sequence[str | int]) -> str:
    """Return ``title`` for ``("body", "title")``, and ``body`` for the body as a whole."""
    inner = [str(part) for part in loc[1:] if part not in _UNION_TAGS]
    path = ".".join(inner) or str(loc[0] if loc else "body")
    # The name of an unknown field is the sender's: it may be of any length, and half a surrogate pair.
    return path[:_FIELD_MAX].encode(errors="replace").decode()


def _message(error: Any) -> str:
    match error["type"]:
        case "json_invalid":
            return "is not JSON"
        case "union_tag_invalid":
            context = error["ctx"]
            return f"{context['discriminator']} should be one of {context['expected_tags']}"
        case _:
            return str(error["msg"]).removeprefix("Value error, ")


def invalid_request(errors: Sequence[Any]) -> ProblemError:
    """Return the refusal for a request that does not validate, from Pydantic's errors."""
    fields = field_errors(errors)
    detail = "; ".join(f"{error.field}: {error.message}" for error in fields[:5])
    return ProblemError(ProblemCode.INVALID_REQUEST, detail, errors=fields)


def install_problem_handlers(app: FastAPI) -> None:
    """Make ``app`` answer every error with a problem document, and no traceback."""

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)  # noqa: S101 - narrows the type that Starlette promises
        return problem_response(error)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return problem_response(invalid_request(error.errors()))

    async def http_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        code = _BY_STATUS.get(error.status_code)
        if code is None:
            server_side = error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
            code = ProblemCode.INTERNAL if server_side else ProblemCode.INVALID_REQUEST
        refusal = ProblemError(code, str(error.detail), headers=error.headers)
        return problem_response(refusal, error.status_code)

    async def broken_off(_: Request, error: Exception) -> Response:
        # The client hung up in the middle of its request: nobody reads the answer, and it is no fault of the server.
        return problem_response(ProblemError(ProblemCode.INVALID_REQUEST, f"The request ended early: {error}."))

    async def unexpected(request: Request, error: Exception) -> Response:
        trace_id = trace_id_of(request_trace(request))
        logger.error("%s %s failed, trace %s", request.method, request.url.path, trace_id, exc_info=error)
        refusal = ProblemError(ProblemCode.INTERNAL, "That was not expected; the server's log says more.")
        refusal.problem = refusal.problem.model_copy(update={"trace_id": trace_id})
        return problem_response(refusal)

    app.add_exception_handler(ProblemError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(ClientDisconnect, broken_off)
    app.add_exception_handler(Exception, unexpected)
