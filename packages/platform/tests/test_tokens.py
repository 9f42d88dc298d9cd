"""AU3: access tokens, good ones and all the others."""

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from tandem_platform import tokens
from tandem_platform.tokens import AccessClaims, InvalidTokenError, TokenVerifier, UnknownKeyError, sign

NOW = 1_800_000_000.0
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
CLAIMS = AccessClaims("user", "session", NOW + 900)
PAYLOAD: dict[str, Any] = {
    "sub": "user",
    "sid": "session",
    "jti": "1",
    "iat": NOW,
    "exp": NOW + 900,
    "iss": "tandem",
    "aud": "tandem",
}


class Now:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.seconds = NOW

    def __call__(self) -> float:
        return self.seconds


def signed(claims: AccessClaims = CLAIMS, kid: str = "k1", key: Ed25519PrivateKey = KEY) -> str:
    return sign(claims, issued_at=NOW, token_id="1", kid=kid, private_key=key)


def encoded(payload: dict[str, Any]) -> str:
    return jwt.encode(payload, KEY, algorithm="EdDSA", headers={"kid": "k1"})


def part(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def keys() -> dict[str, Ed25519PublicKey]:
    return {"k1": KEY.public_key()}


@pytest.fixture
def verifier(keys: dict[str, Ed25519PublicKey], now: Now) -> TokenVerifier:
    return TokenVerifier(keys, now)


def test_good_token_is_good_again_and_again(verifier: TokenVerifier) -> None:
    token = signed()
    assert [verifier.verify(token) for _ in range(3)] == [CLAIMS] * 3


@pytest.mark.parametrize("seen_before", [False, True])
def test_expired(verifier: TokenVerifier, now: Now, *, seen_before: bool) -> None:
    token = signed()
    if seen_before:
        verifier.verify(token)
        now.seconds = CLAIMS.expires_at - 0.001
        verifier.verify(token)
    now.seconds = CLAIMS.expires_at
    for _ in range(2):
        with pytest.raises(InvalidTokenError, match="expired"):
            verifier.verify(token)


def test_key_that_was_removed(verifier: TokenVerifier, keys: dict[str, Ed25519PublicKey]) -> None:
    token = signed()
    verifier.verify(token)
    del keys["k1"]
    with pytest.raises(UnknownKeyError):
        verifier.verify(token)


def test_keys_overlap_while_they_rotate(verifier: TokenVerifier, keys: dict[str, Ed25519PublicKey]) -> None:
    new = signed(kid="k2", key=OTHER_KEY)
    with pytest.raises(UnknownKeyError):
        verifier.verify(new)
    keys["k2"] = OTHER_KEY.public_key()
    assert verifier.verify(new) == verifier.verify(signed()) == CLAIMS


def test_signature_of_another_key(verifier: TokenVerifier) -> None:
    with pytest.raises(InvalidTokenError):
        verifier.verify(signed(key=OTHER_KEY))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE"])
def test_unsigned_token(verifier: TokenVerifier, algorithm: str) -> None:
    token = f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': 'k1'})}.{part(PAYLOAD)}."
    with pytest.raises(InvalidTokenError):
        verifier.verify(token)


def test_public_key_is_no_shared_secret(verifier: TokenVerifier) -> None:
    """RFC 8725 section 2.1: the public key, known to all, taken for the secret of an HMAC."""
    body = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{part(PAYLOAD)}"
    mac = hmac.digest(KEY.public_key().public_bytes_raw(), body.encode(), hashlib.sha256)
    token = f"{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    with pytest.raises(InvalidTokenError):
        verifier.verify(token)


@pytest.mark.parametrize(
    "payload",
    [
        {**PAYLOAD, "iss": "another"},
        {**PAYLOAD, "aud": "another"},
        *(
            {name: value for name, value in PAYLOAD.items() if name != missing}
            for missing in PAYLOAD
            if missing != "jti"
        ),
        {**PAYLOAD, "exp": "soon"},
        {**PAYLOAD, "exp": None},
        {**PAYLOAD, "exp": float("nan")},
        {**PAYLOAD, "sub": 7},
    ],
)
def test_payload_that_is_not_for_us(verifier: TokenVerifier, payload: dict[str, Any]) -> None:
    with pytest.raises(InvalidTokenError):
        verifier.verify(encoded(payload))


@pytest.mark.parametrize(
    "header", [{"alg": "EdDSA"}, {"alg": "EdDSA", "kid": 1}, {"alg": "EdDSA", "kid": ["k1"]}, [], "k1", None]
)
def test_header_without_a_key(verifier: TokenVerifier, header: object) -> None:
    with pytest.raises(InvalidTokenError):
        verifier.verify(f"{part(header)}.{part(PAYLOAD)}.AAAA")


@given(st.text() | st.lists(st.text(alphabet="abcXYZ019-_="), min_size=3, max_size=3).map(".".join))
def test_garbage(text: str) -> None:
    with pytest.raises(InvalidTokenError):
        TokenVerifier({"k1": KEY.public_key()}, Now()).verify(text)


@pytest.mark.parametrize(
    "text",
    ["\ud800", "a.\ud800.c", base64.b64encode(b"[" * 6000).decode() + ".a.b", "e" * 10_000, signed() + "A" * 8192],
)
def test_known_garbage(verifier: TokenVerifier, text: str) -> None:
    with pytest.raises(InvalidTokenError):
        verifier.verify(text)


@given(st.data())
def test_any_changed_character_spoils_a_token(data: st.DataObject) -> None:
    token = signed()
    # The last character holds bits that base64url throws away.
    place = data.draw(st.integers(0, len(token) - 2))
    other = data.draw(st.characters().filter(lambda character: character != token[place]))
    with pytest.raises(InvalidTokenError):
        TokenVerifier({"k1": KEY.public_key()}, Now()).verify(token[:place] + other + token[place + 1 :])


def test_errors_never_contain_the_token(verifier: TokenVerifier) -> None:
    """AU6."""
    for token in (signed(key=OTHER_KEY), signed(kid="k9"), encoded({**PAYLOAD, "aud": "x"}), "secret.secret.secret"):
        with pytest.raises(InvalidTokenError) as caught:
            verifier.verify(token)
        assert not any(piece in str(caught.value) for piece in token.split("."))


def test_memory_is_bounded(verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    decode = jwt.decode

    def counting(token: str, *args: Any, **options: Any) -> Any:
        checked.append(token)
        return decode(token, *args, **options)

    monkeypatch.setattr(jwt, "decode", counting)
    monkeypatch.setattr(tokens, "_REMEMBERED_MAX", 3)
    made = [signed(AccessClaims(f"user-{number}", "s", NOW + 900)) for number in range(10)]
    for token in made:
        verifier.verify(token)
    checked.clear()
    for token in made[-3:]:
        verifier.verify(token)
    assert not checked, "the youngest are remembered"
    assert verifier.verify(made[0]).user_id == "user-0"
    assert checked == made[:1], "the oldest are not"
