"""Public keys as JWKS (RFC 7517, RFC 8037), and the keyring of a service that fetches them."""

import asyncio
import base64
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_SECONDS_AFTER_SUCCESS: Final = 5.0
_SECONDS_AFTER_FAILURE: Final = 1.0


class KeysUnavailableError(Exception):
    """The keys could not be fetched."""


def to_jwks(keys: Mapping[str, Ed25519PublicKey]) -> dict[str, Any]:
    """Return the JWKS document of the keys."""
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "use": "sig",
                "alg": "EdDSA",
                "kid": kid,
                "x": base64.urlsafe_b64encode(key.public_bytes_raw()).decode().rstrip("="),
            }
            for kid, key in keys.items()
        ]
    }


def from_jwks(document: Any) -> dict[str, Ed25519PublicKey]:
    """Read a JWKS document; keys of other kinds are passed over.

    Raises:
        ValueError: It is no JWKS document.
    """
    keys: dict[str, Ed25519PublicKey] = {}
    try:
        for entry in document["keys"]:
            if entry.get("kty") == "OKP" and entry.get("crv") == "Ed25519":
                raw = base64.urlsafe_b64decode(entry["x"] + "=" * (-len(entry["x"]) % 4))
                keys[str(entry["kid"])] = Ed25519PublicKey.from_public_bytes(raw)
    except (KeyError, TypeError, AttributeError, UnsupportedAlgorithm) as error:
        raise ValueError("not a JWKS document") from error
    return keys


class RemoteKeys:
    """Keeps the backend's public keys. Tokens of unknown keys lead to another look, not to a flood."""

    def __init__(self, url: str, client: httpx.AsyncClient, now: Callable[[], float]) -> None:
        """Create an empty keyring.

        Args:
            url: The JWKS document.
            client: Asks for it; its timeouts hold.
            now: Seconds of a clock that does not go back.
        """
        self.keys: dict[str, Ed25519PublicKey] = {}
        self._url = url
        self._client = client
        self._now = now
        self._next_fetch = -math.inf
        self._failure = ""
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """Fetch the keys again; at most once in five seconds, and once a second while that fails.

        Raises:
            KeysUnavailableError: They cannot be had, and none are known from before.
        """
        async with self._lock:
            now = self._now()
            if now >= self._next_fetch:
                await self._fetch(now)
            if self._failure and not self.keys:
                raise KeysUnavailableError(self._failure)

    async def _fetch(self, now: float) -> None:
        try:
            reply = await self._client.get(self._url)
            reply.raise_for_status()
            fresh = from_jwks(reply.json())
        except (httpx.HTTPError, ValueError) as error:
            # The keys from before stay: they are good until the backend says otherwise.
            self._next_fetch = now + _SECONDS_AFTER_FAILURE
            self._failure = f"{self._url}: {error!r}"
            return
        self._next_fetch = now + _SECONDS_AFTER_SUCCESS
        self._failure = ""
        # In this order a verification in another thread never misses a key that stays.
        self.keys.update(fresh)
        for kid in self.keys.keys() - fresh.keys():
            del self.keys[kid]
