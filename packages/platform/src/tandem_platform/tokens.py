"""Access tokens: EdDSA JWTs (RFC 7519, RFC 8037), verified with public keys only (AU3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALGORITHM: Final = "EdDSA"
ISSUER: Final = "tandem"
AUDIENCE: Final = "tandem"
TOKEN_MAX: Final = 8192
"""Characters of a token that is looked at."""
ACCESS_SECONDS_MAX: Final = 3600
"""The longest that an access token may be good: the end of its session has to be remembered for so long (AU5)."""
_REMEMBERED_MAX: Final = 20_000


class InvalidTokenError(Exception):
    """The token is not good; the text says why and never contains the token."""


class UnknownKeyError(InvalidTokenError):
    """The token names a key that is not known, perhaps a new one."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a verified token says. ``expires_at`` is seconds since 1970."""

    user_id: str
    session_id: str
    expires_at: float


class TokenVerifier:
    """Verifies access tokens and remembers those it verified.

    Checking an Ed25519 signature costs as much as the rest of a request. The memory is bounded, and the
    expiry of a token is checked each time. Whether its session has ended is for the caller to know (AU5).
    """

    def __init__(self, keys: Mapping[str, Ed25519PublicKey], now: Callable[[], float]) -> None:
        """Create a verifier.

        Args:
            keys: Public keys by ``kid``; read at every verification, so that it may grow.
            now: Seconds since 1970.
        """
        self._keys = keys
        self._now = now
        self._remembered: dict[str, tuple[str, AccessClaims]] = {}

    def verify(self, token: str) -> AccessClaims:
        """Return the claims of a good token.

        Raises:
            UnknownKeyError: It is signed with a key that is not known.
            InvalidTokenError: It is malformed, forged, expired, or not for Tandem.
        """
        remembered = self._remembered.get(token)
        if remembered is not None and remembered[0] in self._keys:
            if remembered[1].expires_at <= self._now():
                del self._remembered[token]
                raise InvalidTokenError("the token has expired")
            return remembered[1]
        if len(token) > TOKEN_MAX:
            raise InvalidTokenError("the token is too long")
        kid, claims = self._check(token)
        if len(self._remembered) >= _REMEMBERED_MAX:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[token] = (kid, claims)
        return claims

    def _check(self, token: str) -> tuple[str, AccessClaims]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self._keys.get(kid) if isinstance(kid, str) else None
            if key is None or not isinstance(kid, str):
                raise UnknownKeyError("the token is signed with an unknown key")
            payload: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                options={
                    "require": ["exp", "iat", "sub", "sid"],
                    # Expiry is checked below, by the clock that was handed in.
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            claims = AccessClaims(str(payload["sub"]), str(payload["sid"]), float(payload["exp"]))
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise InvalidTokenError(f"the token is not valid ({type(error).__name__})") from error
        # Said so that an expiry of NaN is none.
        if not claims.expires_at > self._now():
            raise InvalidTokenError("the token has expired")
        return kid, claims


def sign(claims: AccessClaims, *, issued_at: float, token_id: str, kid: str, private_key: Any) -> str:
    """Return a signed access token.

    Args:
        claims: What it says.
        issued_at: Seconds since 1970.
        token_id: The ``jti``, unique for each token.
        kid: The name of the key.
        private_key: An Ed25519 private key.
    """
    payload = {
        "sub": claims.user_id,
        "sid": claims.session_id,
        "jti": token_id,
        "iat": int(issued_at),
        "exp": int(claims.expires_at),
        "iss": ISSUER,
        "aud": AUDIENCE,
    }
    return jwt.encode(payload, private_key, algorithm=ALGORITHM, headers={"kid": kid})
