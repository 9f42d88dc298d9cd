"""AU3: the public keys, written, read and fetched."""

from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from tandem_platform.jwks import KeysUnavailableError, RemoteKeys, from_jwks, to_jwks

URL = "http://backend/.well-known/jwks.json"


def public_key(number: int) -> Ed25519PublicKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)).public_key()


public_keys = st.binary(min_size=32, max_size=32).map(
    lambda raw: Ed25519PrivateKey.from_private_bytes(raw).public_key()
)


@given(st.dictionaries(st.text(), public_keys, max_size=3))
def test_round_trip(keys: dict[str, Ed25519PublicKey]) -> None:
    assert from_jwks(to_jwks(keys)) == keys


def test_example_of_rfc_8037() -> None:
    """Appendix A.2."""
    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    document = {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": x}]}
    assert to_jwks(from_jwks(document))["keys"][0]["x"] == x


def test_keys_of_other_kinds_are_passed_over() -> None:
    document = to_jwks({"a": public_key(1)})
    document["keys"] += [{"kty": "RSA", "kid": "b"}, {"kty": "OKP", "crv": "X25519", "kid": "c", "x": "AA"}]
    assert from_jwks(document).keys() == {"a"}


ED25519 = {"kty": "OKP", "crv": "Ed25519", "kid": "a"}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "keys",
        {},
        {"keys": None},
        {"keys": ["a"]},
        {"keys": [ED25519]},
        {"keys": [{**ED25519, "x": "AAAA"}]},
        {"keys": [{**ED25519, "x": 7}]},
        {"keys": [{**ED25519, "x": "ü"}]},
    ],
)
def test_other_documents_are_refused(document: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_jwks(document)


class Backend:
    """Answers with its keys, or not at all, and counts the questions."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: httpx.Response | None = httpx.Response(200, json=to_jwks({"a": public_key(1)}))
        self.seconds = 0.0
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        self.remote = RemoteKeys(URL, client, lambda: self.seconds)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == URL
        self.asked += 1
        if self.answer is None:
            raise httpx.ConnectError("refused")
        return self.answer


@pytest.fixture
def backend() -> Backend:
    return Backend()


async def test_fetches_and_replaces_in_place(backend: Backend) -> None:
    held = backend.remote.keys
    await backend.remote.refresh()
    assert held == {"a": public_key(1)}
    backend.seconds = 5.0
    backend.answer = httpx.Response(200, json=to_jwks({"b": public_key(2)}))
    await backend.remote.refresh()
    assert held == {"b": public_key(2)}
    assert held is backend.remote.keys


async def test_tokens_of_unknown_keys_are_no_flood_of_questions(backend: Backend) -> None:
    for tenth in range(100):
        backend.seconds = tenth / 10
        await backend.remote.refresh()
    assert backend.asked == 2


@pytest.mark.parametrize(
    "answer", [None, httpx.Response(500), httpx.Response(200, text="x"), httpx.Response(200, json={})]
)
async def test_known_keys_stay_while_the_backend_is_away(backend: Backend, answer: httpx.Response | None) -> None:
    await backend.remote.refresh()
    backend.answer = answer
    for second in range(5, 15):
        backend.seconds = float(second)
        for _ in range(10):
            await backend.remote.refresh()
    assert backend.remote.keys == {"a": public_key(1)}
    assert backend.asked == 11, "once a second"


async def test_without_keys_every_try_says_so_and_few_ask(backend: Backend) -> None:
    backend.answer = None
    for _ in range(10):
        with pytest.raises(KeysUnavailableError, match="backend"):
            await backend.remote.refresh()
    assert backend.asked == 1
    backend.seconds, backend.answer = 1.0, httpx.Response(200, json=to_jwks({"a": public_key(1)}))
    await backend.remote.refresh()
    assert backend.remote.keys.keys() == {"a"}
