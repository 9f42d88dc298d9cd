"""Whether a page of some origin may use this server (RFC 6454, RFC 6455 section 10.2)."""

from collections.abc import Collection
from urllib.parse import urlsplit


def origin_allowed(origin: str | None, host: str | None, allowed: Collection[str]) -> bool:
    """Return whether a request's ``Origin`` is welcome.

    Args:
        origin: The header; a program that is no browser sends none, and is welcome.
        host: The ``Host`` header: pages of the server itself are welcome.
        allowed: Further origins, such as ``https://lists.example.org``.
    """
    if origin is None:
        return True
    if origin in allowed:
        return True
    if not host:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.netloc.casefold() == host.casefold()
