"""WR1: ids are UUIDv7 (RFC 9562 section 5.7)."""

import os
import re
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tandem_protocol.base import Identifier
from tandem_protocol.ids import uuid7

times = st.integers(0, 2**48 - 1)


@given(times, st.binary(min_size=10, max_size=10))
def test_has_the_form_of_rfc_9562(unix_ms: int, random: bytes) -> None:
    text = uuid7(unix_ms, lambda size: random[:size])
    uuid = UUID(text)
    assert str(uuid) == text
    assert uuid.version == 7
    assert uuid.variant == "specified in RFC 4122"
    assert uuid.int >> 80 == unix_ms
    assert TypeAdapter(Identifier).validate_python(text) == text


@given(times, times, st.binary(min_size=20, max_size=20))
def test_later_ids_sort_later(one: int, other: int, random: bytes) -> None:
    first, second = uuid7(one, lambda _: random[:10]), uuid7(other, lambda _: random[10:])
    if one != other:
        assert (first < second) == (one < other)


def test_all_74_random_bits_are_used() -> None:
    zeros, ones = uuid7(0, bytes), uuid7(0, lambda size: b"\xff" * size)
    assert (UUID(zeros).int ^ UUID(ones).int).bit_count() == 74


def test_example_of_the_rfc() -> None:
    # RFC 9562 appendix A.6: 2022-02-22T19:22:22Z, rand_a = 0xCC3, rand_b = 0x18C4DC0C0C07398F.
    random = (0xCC3 << 62 | 0x18C4DC0C0C07398F).to_bytes(10, "big")
    assert uuid7(0x017F22E279B0, lambda _: random) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_many_ids_of_one_millisecond_differ() -> None:
    ids = {uuid7(1, os.urandom) for _ in range(10_000)}
    assert len(ids) == 10_000
    assert all(re.fullmatch(r"00000000-0001-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", text) for text in ids)
