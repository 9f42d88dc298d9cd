"""Logging: one line an entry on stderr, and nothing secret in it (AU6)."""

import logging
import re
import sys
from typing import Final

_SECRETS: Final = re.compile(
    r"""
      # In a query, a header, a cookie, JSON, or the repr of a mapping or of a list of headers.
      (?P<name> bearer[ .]+ | (?:token|cursor|tandem_refresh)["']?\s*[:=]\s*b?["']? | dapr-api-token',\ b?' )
      [^\s&"',;]+
      # A password may hold anything but the quote that ends it.
    | (?P<password> password["']?\s*[:=]\s* ) (?: "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | [^\s&,;]+ )
    | (?P<url> ://[^\s/:@]*: ) [^\s/@]+ (?=@)
      # Whatever begins as a JWT does, cut off or not.
    | eyJ[\w-]*(?:\.[\w-]*)*
    """,
    re.IGNORECASE | re.VERBOSE,
)


def redact(text: str) -> str:
    """Return ``text`` with tokens, refresh cookies, passwords and those of database URLs blacked out."""
    return _SECRETS.sub(_blacked_out, text)


def _blacked_out(match: re.Match[str]) -> str:
    kept = match.group("name") or match.group("password") or match.group("url") or ""
    return kept + "[redacted]"


class RedactingFormatter(logging.Formatter):
    """Formats an entry and blacks out what is secret, in messages and in tracebacks alike."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished line."""
        return redact(super().format(record))


def configure_logging(level: str = "INFO") -> None:
    """Send all logs to stderr through the redacting formatter.

    Args:
        level: The lowest level that is shown, as Python's logging names it.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # Each request and each socket would be a line; metrics count them instead.
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
