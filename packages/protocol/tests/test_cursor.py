"""FD5: cursors are opaque to clients, and whatever they send instead is refused politely."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem_protocol import strategies
from tandem_protocol.feed import InvalidCursorError, SpaceCursor, decode_cursor, encode_cursor

positions = st.integers(0, 2**63 - 1)
cursors = st.dictionaries(
    strategies.ids, st.builds(SpaceCursor, epoch=strategies.ids, seq=positions, floor=positions), max_size=5
)


def encoded(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


@given(cursors)
def test_round_trip(spaces: dict[str, SpaceCursor]) -> None:
    text = encode_cursor(spaces)
    assert decode_cursor(text) == spaces
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_garbage_is_an_invalid_cursor(text: str) -> None:
    try:
        decode_cursor(text)
    except InvalidCursorError:
        return
    assert decode_cursor(text) == {}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | strategies.ids,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(strategies.ids | st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_other_json_is_an_invalid_cursor(document: object) -> None:
    try:
        spaces = decode_cursor(encoded(document))
    except InvalidCursorError:
        return
    assert decode_cursor(encode_cursor(spaces)) == spaces


SPACE = "0193b3c4-0000-7000-8000-0000000000aa"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\ud800",
        "ü",
        "A" * (64 * 1024 + 1),
        encoded([]),
        encoded({SPACE: [SPACE, -1, 0]}),
        encoded({SPACE: [SPACE, 2**63, 0]}),
        encoded({SPACE: [SPACE, 1]}),
        encoded({"inbox": [SPACE, 1, 1]}),
        base64.urlsafe_b64encode(b"[" * 20_000).decode().rstrip("="),
        base64.urlsafe_b64encode(b"9" * 20_000).decode().rstrip("="),
    ],
)
def test_known_garbage(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(text)
