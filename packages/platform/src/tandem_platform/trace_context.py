"""W3C Trace Context: one id that joins a request's way through backend, bus and socket (TR1).

https://www.w3.org/TR/trace-context/
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

_VERSION_00: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}", re.ASCII)
_LATER_VERSION: Final = re.compile(r"(?!ff)[0-9a-f]{2}(-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})(?:-.*)?", re.ASCII)
_NO_TRACE: Final = "0" * 32
_NO_SPAN: Final = "0" * 16
_HEADER_MAX: Final = 512


def read_traceparent(values: Sequence[str]) -> str | None:
    """Return what a request's ``traceparent`` says, in the form of version 00; None when it says nothing valid.

    Args:
        values: The values of all headers of that name. More than one mean nothing.
    """
    if len(values) != 1 or len(values[0]) > _HEADER_MAX:
        return None
    text = values[0].strip(" \t")
    if not text.startswith("00"):
        later = _LATER_VERSION.fullmatch(text)
        text = "" if later is None else f"00{later.group(1)}"
    found = _VERSION_00.fullmatch(text)
    if found is None or found.group(1) == _NO_TRACE or found.group(2) == _NO_SPAN:
        return None
    return text


def new_traceparent(random_bytes: Callable[[int], bytes]) -> str:
    """Return the ``traceparent`` of a new trace, which nobody records yet."""
    # With a one in each id neither can be all zeros, which is no id.
    drawn = bytearray(random_bytes(24))
    drawn[0] |= 1
    drawn[16] |= 1
    digits = drawn.hex()
    return f"00-{digits[:32]}-{digits[32:]}-00"


def trace_id_of(traceparent: str) -> str:
    """Return the id of the trace: what logs, audit lines and problem documents show."""
    return traceparent[3:35]
