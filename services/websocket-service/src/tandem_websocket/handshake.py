"""The checks before a connection is accepted (HS1, HS2): pure functions of what the client sent."""

from collections.abc import Sequence
from typing import Final

from tandem_protocol.version import BEARER_PREFIX, SUBPROTOCOL

TOKEN_MAX: Final = 8192
"""Characters of an access token; longer ones are not worth a look."""


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
