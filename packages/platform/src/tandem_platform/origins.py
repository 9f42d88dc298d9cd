"""Whether a page of some origin may use this server (RFC 6454, RFC 6455 section 10.2)."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def origin_allowed(origins: Sequence[str], host: str | None, allowed: Sequence[str], *, secure: bool = False) -> bool:
    """Return whether a request's ``Origin`` is welcome (HS2).

    Args:
        origins: The values of the ``Origin`` header; none for clients that are no browsers.
        host: The ``Host`` header. A page of the same host and port is the server's own.
        allowed: Further origins, such as ``https://tasks.example``.
        secure: Whether the request is known to have come by https: then a page that came by http, which anybody
            on its way may have written, is none of the server's own.
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
    if secure and origin[0] != "https":
        return False
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
