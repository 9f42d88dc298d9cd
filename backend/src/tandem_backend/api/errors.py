"""Storage errors as problem documents."""

from fastapi import FastAPI, Request, Response

from tandem_backend.storage.database import StorageFullError, StorageUnavailableError
from tandem_platform.problems import ProblemError, problem_response
from tandem_protocol.problems import ProblemCode


async def _full(_: Request, error: Exception) -> Response:
    detail = f"Nothing was changed: {error}. Free some space and try again."
    return problem_response(ProblemError(ProblemCode.STORAGE_FULL, detail))


async def _unavailable(_: Request, error: Exception) -> Response:
    detail = f"Try again: {error}."
    return problem_response(ProblemError(ProblemCode.UNAVAILABLE, detail, headers={"retry-after": "1"}))


def install_storage_handlers(app: FastAPI) -> None:
    """Make ``app`` answer storage errors."""
    app.add_exception_handler(StorageFullError, _full)
    app.add_exception_handler(StorageUnavailableError, _unavailable)
