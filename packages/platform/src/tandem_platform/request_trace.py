"""The trace that a request belongs to: the caller's, or one that begins with it (TR1)."""

import os
from collections.abc import Callable
from typing import Final

from starlette.requests import HTTPConnection

from tandem_platform.trace_context import new_traceparent, read_traceparent

_KEY: Final = "tandem.trace"


def incoming_trace(connection: HTTPConnection) -> str | None:
    """Return the ``traceparent`` that came with a request or a handshake, if it is valid."""
    return read_traceparent(connection.headers.getlist("traceparent"))


def remember_trace(connection: HTTPConnection, traceparent: str) -> None:
    """Have `request_trace` answer this from now on."""
    connection.scope[_KEY] = traceparent


def request_trace(connection: HTTPConnection, random_bytes: Callable[[int], bytes] = os.urandom) -> str:
    """Return the ``traceparent`` of a request, the same at every call.

    Args:
        connection: The request.
        random_bytes: Makes the ids of a trace that begins here.
    """
    trace: str | None = connection.scope.get(_KEY)
    if trace is None:
        trace = incoming_trace(connection) or new_traceparent(random_bytes)
        remember_trace(connection, trace)
    return trace
