"""Identifiers: UUIDv7 (RFC 9562 section 5.7), whose order is roughly the order of their making."""

from collections.abc import Callable
from uuid import UUID

RandomBytes = Callable[[int], bytes]
"""A source of randomness such as ``os.urandom``: takes a number of bytes, returns them."""


def uuid7(unix_ms: int, random_bytes: RandomBytes) -> str:
    """Make a UUIDv7.

    Args:
        unix_ms: Milliseconds since 1970 UTC, 48 bits are used.
        random_bytes: Where the 74 random bits come from.

    Returns:
        The canonical text form.
    """
    random = int.from_bytes(random_bytes(10), "big")
    value = (unix_ms & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= ((random >> 62) & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random & ((1 << 62) - 1)
    return str(UUID(int=value))
