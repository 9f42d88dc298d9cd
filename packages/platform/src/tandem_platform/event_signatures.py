"""Signatures of events: who can write to the broker can still not speak to anybody's browser (EV9).

HMAC-SHA256 (RFC 2104) over the event as JSON with sorted keys and without spaces. A broker or a sidecar may write the
JSON anew, in another order and with other escapes; events hold no fractions, so what is read from it is the same.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import orjson

from tandem_platform.settings import SettingsError

SIGNATURE: Final = "signature"
"""The event's member that holds the signature."""
SECRET_MIN: Final = 32
"""Characters of a secret."""
MAX_AGE_SECONDS: Final = 60.0
"""An event is good for so long after it was signed, and may be from so far in the future (clocks differ)."""
_PURPOSE: Final = b"tandem event 1\n"


class BadSignatureError(Exception):
    """The event was not signed by a backend; ``reason`` is a word for the metrics, ``key`` the key that it names."""

    def __init__(self, reason: str, key: str | None = None) -> None:
        super().__init__(reason.replace("_", " "))
        self.reason = reason
        self.key = key


class StaleEventError(Exception):
    """The event is good and too old: whoever was there has seen it, whoever comes asks the feed."""


@dataclass(frozen=True, slots=True)
class EventKeys:
    """Secrets by name. The first signs, all verify, so that they can be exchanged one after the other."""

    secrets: Mapping[str, bytes]

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read ``name:secret,name:secret``; None where there are none.

        Raises:
            SettingsError: It is something else, or a secret is short.
        """
        secrets: dict[str, bytes] = {}
        for pair in filter(None, (part.strip() for part in text.split(","))):
            name, _, secret = pair.partition(":")
            if not name or name in secrets or len(secret) < SECRET_MIN:
                raise SettingsError(
                    "setting TANDEM_EVENT_KEYS is not valid: it is name:secret, several with commas between, each "
                    f"name once and each secret at least {SECRET_MIN} characters (openssl rand -hex 32)"
                )
            secrets[name] = secret.encode()
        return cls(secrets) if secrets else None

    def sign(self, event: bytes, now: float) -> bytes:
        """Return the event with a signature.

        Args:
            event: A JSON object without fractions.
            now: Seconds since 1970.
        """
        name, secret = next(iter(self.secrets.items()))
        document = orjson.loads(event)
        document[SIGNATURE] = {"key": name, "at": int(now * 1000)}
        document[SIGNATURE]["mac"] = _mac(secret, document)
        return orjson.dumps(document)

    def verify(self, event: Mapping[str, Any], now: float) -> dict[str, Any]:
        """Return the event without its signature.

        Args:
            event: As it came.
            now: Seconds since 1970.

        Raises:
            BadSignatureError: It was not signed by one of the keys, or changed since.
            StaleEventError: It was, too long ago (or in the future).
        """
        document = dict(event)
        match document.pop(SIGNATURE, None):
            case {"key": str(name), "at": int(at), "mac": str(mac)}:
                pass
            case None:
                raise BadSignatureError("unsigned")
            case _:
                raise BadSignatureError("malformed_signature")
        secret = self.secrets.get(name)
        if secret is None:
            raise BadSignatureError("unknown_key", name)
        try:
            expected = _mac(secret, {**document, SIGNATURE: {"key": name, "at": at}})
        except (TypeError, ValueError):
            raise BadSignatureError("malformed", name) from None
        if not hmac.compare_digest(expected.encode(), mac.encode("utf-8", "surrogatepass")):
            raise BadSignatureError("wrong_signature", name)
        if abs(now - at / 1000) > MAX_AGE_SECONDS:
            raise StaleEventError
        return document


def _mac(secret: bytes, document: Mapping[str, Any]) -> str:
    canonical = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    digest = hmac.digest(secret, _PURPOSE + canonical, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
