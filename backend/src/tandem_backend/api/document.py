"""The description of the HTTP interface (OpenAPI 3.1)."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tandem_protocol.problems import Problem
from tandem_protocol.schema import SOCKET, definitions

_PROBLEM: dict[str, Any] = {
    "description": "A problem document (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an app, with the problems and the messages of the socket among its schemas."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            operation["responses"] |= {"4XX": _PROBLEM, "5XX": _PROBLEM}
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= definitions((*SOCKET, Problem), "#/components/schemas/{model}")
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document
