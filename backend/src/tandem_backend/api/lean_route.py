"""Routes that FastAPI describes and that read their requests themselves.

For the routes that are asked for all the time: FastAPI's own reading of a request, its dependencies and its parsing of
content types, costs more than the database's part of a write. What a route takes is found by the names of its
parameters, so its signature stays what the description of the interface is made from.
"""

import inspect
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

from tandem_backend.api.authentication import owner_of
from tandem_backend.api.idempotency_key import key_of
from tandem_protocol.base import Identifier

_IDENTIFIER: Final[TypeAdapter[str]] = TypeAdapter(Identifier)


def _task_id_of(request: Request) -> str:
    try:
        return _IDENTIFIER.validate_python(request.path_params["task_id"])
    except ValidationError as error:
        raise _refused(error, "path", "task_id") from error


_READERS: Final[Mapping[str, Callable[[Request], Any]]] = {
    "claims": owner_of,
    "context": lambda request: request.app.state.backend,
    "key": key_of,
    "request": lambda request: request,
    "task_id": _task_id_of,
}


class LeanRoute(APIRoute):
    """Calls an endpoint with what it takes of ``claims``, ``context``, ``key``, ``request``, ``task_id`` and ``body``.

    The body is a Pydantic model; the endpoint returns a finished `Response`.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        endpoint: Callable[..., Coroutine[Any, Any, Response]] = self.endpoint
        parameters = inspect.signature(endpoint).parameters
        readers = {name: _READERS[name] for name in parameters if name != "body"}
        model: type[BaseModel] | None = parameters["body"].annotation if "body" in parameters else None

        async def handle(request: Request) -> Response:
            arguments = {name: read(request) for name, read in readers.items()}
            if model is not None:
                arguments["body"] = await _read_body(request, model)
            return await endpoint(**arguments)

        return handle


async def _read_body(request: Request, model: type[BaseModel]) -> BaseModel:
    raw = await request.body()
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise _refused(error, "body") from error


def _refused(error: ValidationError, *where: str) -> RequestValidationError:
    found = error.errors(include_url=False, include_input=False)
    return RequestValidationError([{**each, "loc": (*where, *each["loc"])} for each in found])
