"""TR1: what a traceparent says, and what is ignored (W3C Trace Context, section 3.2)."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem_platform.trace_context import new_traceparent, read_traceparent, trace_id_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize("value", [GOOD, f" {GOOD}\t", f"01-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-what-comes"])
def test_a_valid_one_is_read_in_the_form_of_version_00(value: str) -> None:
    assert read_traceparent([value]) == GOOD


@pytest.mark.parametrize(
    "value",
    [
        "",
        TRACE,
        GOOD.upper(),
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"01-{TRACE}-{SPAN}-01more",
        f"01-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0x",
        f"{GOOD}\n",
        f"{GOOD},{GOOD}",
        f"01-{TRACE}-{SPAN}-01-" + "x" * 1000,
        "\u0660\u0660" + GOOD[2:],
    ],
)
def test_what_is_malformed_is_ignored(value: str) -> None:
    assert read_traceparent([value]) is None


def test_none_and_several_say_nothing() -> None:
    assert read_traceparent([]) is None
    assert read_traceparent([GOOD, GOOD]) is None


@given(st.text() | st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}.*"))
def test_whatever_comes_is_read_again_as_it_was_read(value: str) -> None:
    read = read_traceparent([value])
    assert read is None or read_traceparent([read]) == read


def test_a_new_one_is_valid_also_where_randomness_is_all_zeros() -> None:
    for source in (os.urandom, bytes):
        made = new_traceparent(source)
        assert read_traceparent([made]) == made
        assert trace_id_of(made) == made.split("-")[1]
    assert new_traceparent(os.urandom) != new_traceparent(os.urandom)
