"""The rotation of refresh tokens with detection of their reuse (AU4; RFC 9700 section 4.14.2).

A session knows two tokens: ``base``, which the client has shown that it holds, and its successor ``next``. Shown
again while the successor is young, either of them answers the successor: several tabs may ask at once, and requests
overtake each other. A successor that nobody ever showed was perhaps lost on its way, so ``base`` gets another one.
Everything else is a copy in the wrong hands.
"""

from dataclasses import dataclass, replace
from typing import Final

GRACE_MS: Final = 30_000
"""Milliseconds in which a repetition gets the same successor."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """Where a session's rotation stands. ``issued_at`` (milliseconds) and ``confirmed`` are those of ``next``."""

    base: str
    next: str
    issued_at: int
    confirmed: bool


class ReusedError(Exception):
    """An old token was shown: the session must end."""


def begin(fresh: str, now: int) -> Rotation:
    """Return the rotation of a new session, whose first token is ``fresh``."""
    return Rotation(base="", next=fresh, issued_at=now, confirmed=False)


def present(rotation: Rotation, shown: str, fresh: str, now: int) -> Rotation:
    """Answer a token that a client shows.

    Args:
        rotation: Where the session stands.
        shown: The nonce of the token, whose signature was right.
        fresh: A random nonce, used if a successor has to be made.
        now: Milliseconds since 1970.

    Returns:
        Where the session stands now; the client gets ``next``.

    Raises:
        ReusedError: The token is older than both.
    """
    young = now - rotation.issued_at < GRACE_MS
    if shown == rotation.next:
        if young:
            return replace(rotation, confirmed=True)
        return Rotation(base=shown, next=fresh, issued_at=now, confirmed=False)
    if shown == rotation.base:
        if young:
            return rotation
        if not rotation.confirmed:
            return replace(rotation, next=fresh, issued_at=now)
    raise ReusedError
