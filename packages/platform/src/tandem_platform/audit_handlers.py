"""Where audit lines end up: a file that may be rotated away, or stdout. Both raise when they cannot write."""

import logging
import logging.handlers
import os
from io import TextIOWrapper
from typing import Final

STDOUT: Final = "-"
_PRIVATE: Final = 0o600
_STDOUT_FILE: Final = 1


class _RaisingStream(logging.StreamHandler[TextIOWrapper]):
    """Writes to a stream that is open already."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Raise what went wrong; the log counts it."""
        del record
        raise  # noqa: PLE0704 - called while the error is handled


class _PrivateFile(logging.handlers.WatchedFileHandler):
    """A file for its owner alone, opened anew when it was moved away."""

    def _open(self) -> TextIOWrapper:
        # Unbuffered below the text: one write a line, so that several processes can share a file.
        raw = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
        return TextIOWrapper(os.fdopen(raw, "ab", buffering=0), encoding="utf-8", write_through=True)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Raise what went wrong; the log counts it."""
        del record
        raise  # noqa: PLE0704


def open_handler(destination: str) -> logging.Handler:
    """Return the handler that writes to a file, or to stdout for ``-``.

    Raises:
        OSError: The file cannot be opened.
    """
    if destination != STDOUT:
        return _PrivateFile(destination)
    # A descriptor of its own: closing it must not close the program's.
    stdout = TextIOWrapper(os.fdopen(os.dup(_STDOUT_FILE), "ab", buffering=0), "utf-8", write_through=True)
    return _RaisingStream(stdout)
