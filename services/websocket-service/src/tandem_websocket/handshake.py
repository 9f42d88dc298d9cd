"""The checks before a connection is accepted (HS1, HS2): pure functions of what the client sent."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from tandem_protocol.version import BEARER_PREFIX, SUBPROTOCOL

TOKEN_MAX: Final = 8192
"""Characters of an access token; longer ones are not worth a look."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def find_token(query_token: str | None, subprotocols: Sequence[str]) -> str | None:
    """Return the access token that the client brought (HS1), or None.

    Args:
        query_token: The ``token`` of the query string.
        subprotocols: What the client offered; ``bearer.<token>`` goes before the query.
    """
    for offered in subprotocols:
        if offered.startswith(BEARER_PREFIX):
            return offered.removeprefix(BEARER_PREFIX) or None
    return query_token or None


def choose_subprotocol(offered: Sequence[str]) -> str | None:
    """Return the subprotocol to accept: ours, if it was offered. The one with the token is never repeated."""
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


def origin_allowed(origins: Sequence[str], host: str | None, allowed: Sequence[str]) -> bool:
    """Tell whether a page of this origin may connect (HS2).

    Args:
        origins: The values of the ``Origin`` header; none for clients that are no browsers.
        host: The ``Host`` header. A page of the same host and port is the service's own.
        allowed: Further origins, such as ``https://tasks.example``.
    """
    if not origins:
        return True
    if len(origins) > 1:
        return False
    origin = _authority(origins[0])
    if origin is None:
        return False
    if any(_authority(entry) == origin for entry in allowed):
        return True
    # A proxy may speak http to us and https to the browser, so the port that Host leaves out is the page's.
    return host is not None and _authority(f"{origin[0]}://{host}") == origin


def _authority(origin: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of an origin; None for ``null`` and what is no origin of a web page."""
    try:
        parts = urlsplit(origin)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if port is None or not parts.hostname or parts.scheme not in _DEFAULT_PORTS:
        return None
    return parts.scheme, parts.hostname, port
