"""The text of refresh tokens: ``<session>.<nonce>.<mac>``.

The signature lets a made-up token be refused without a look into the database, and only a token that was once good
can count as reused and end its session (AU4).
"""

import base64
import hashlib
import hmac
from typing import Final, NamedTuple

from tandem_protocol.ids import RandomBytes

_NONCE_BYTES: Final = 24
_PARTS: Final = 3


class RefreshToken(NamedTuple):
    """What a refresh token says."""

    session_id: str
    nonce: str


def new_nonce(random_bytes: RandomBytes) -> str:
    """Return a nonce of 192 random bits."""
    return _text(random_bytes(_NONCE_BYTES))


def seal(token: RefreshToken, secret: bytes) -> str:
    """Return the signed text of a token."""
    return f"{token.session_id}.{token.nonce}.{_mac(token, secret)}"


def unseal(text: str, secret: bytes) -> RefreshToken | None:
    """Return what a token says; None if it was not made with ``secret``."""
    parts = text.split(".")
    if len(parts) != _PARTS:
        return None
    token = RefreshToken(parts[0], parts[1])
    return token if hmac.compare_digest(parts[2].encode(), _mac(token, secret).encode()) else None


def _mac(token: RefreshToken, secret: bytes) -> str:
    message = f"refresh:{token.session_id}:{token.nonce}".encode("utf-8", "surrogatepass")
    return _text(hmac.new(secret, message, hashlib.sha256).digest())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
