"""Randomness for ids that are needed often."""

from collections.abc import Callable
from typing import Final

_BUFFER_BYTES: Final = 4096


class BufferedRandomness:
    """Hands out random bytes from a buffer. For ids, not for secrets; for one thread, such as the event loop's.

    Each call of ``os.urandom`` lets the interpreter's lock go, and while the database's thread works it takes up to
    some milliseconds to get it back: more than everything else that a request does.
    """

    def __init__(self, source: Callable[[int], bytes]) -> None:
        """Create an empty buffer.

        Args:
            source: Fills it, such as ``os.urandom``.
        """
        self._source = source
        self._buffer = b""
        self._used = 0

    def __call__(self, size: int) -> bytes:
        """Return ``size`` bytes that nobody got before."""
        if self._used + size > len(self._buffer):
            self._buffer = self._source(max(size, _BUFFER_BYTES))
            self._used = 0
        start, self._used = self._used, self._used + size
        return self._buffer[start : self._used]
