"""Logging: one line an entry on stderr, and nothing secret in it (AU6)."""

import logging
import re
import sys
from typing import Final

_SECRETS: Final = re.compile(
    r"(?P<keep>[?&](?:token|access_token|cursor)=|[Bb]earer[ .]|tandem_refresh=|dapr-api-token[:=] ?)[^\s&\"',;]+"
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"
)


def redact(text: str) -> str:
    """Return ``text`` with access tokens, refresh cookies and API tokens blacked out."""
    return _SECRETS.sub(lambda match: (match.group("keep") or "") + "[redacted]", text)


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
