"""The audit log: who came, who was turned away, what was ended, as JSON lines (AL1 to AL4).

A thread of its own writes, so that neither a slow disk nor a pipe that nobody reads holds up a socket.
"""

import logging
import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Self

import orjson
from prometheus_client import CollectorRegistry, Counter

from tandem_platform.audit_handlers import open_handler
from tandem_platform.logs import redact
from tandem_platform.settings import SettingsError
from tandem_platform.trace_context import trace_id_of

logger = logging.getLogger(__name__)

AUDIT_LOGGER: Final = "tandem.audit"
TEXT_MAX: Final = 200
"""Characters of a value; what others send may be of any length."""
LIST_MAX: Final = 20
"""Members of a list that are named."""
_WAITING_MAX: Final = 10_000
_CLOSE_SECONDS: Final = 2.0

Value = str | int | float | bool | list[str] | None


class AuditLog:
    """Writes audit lines. Nothing that goes wrong with them is raised: lines that are lost are counted."""

    def __init__(self, handler: logging.Handler | None, now: Callable[[], float]) -> None:
        """Create it; see `AuditLog.open`."""
        self.registry = CollectorRegistry()
        """The metric of the log."""
        self._now = now
        self._handler = handler
        self._lost = Counter("tandem_audit_lost", "Audit lines that could not be written", registry=self.registry)
        self._failing = False
        self._waiting: queue.Queue[logging.LogRecord | None] = queue.Queue(_WAITING_MAX)
        self._thread = threading.Thread(target=self._write_waiting, name="audit log", daemon=True)
        if handler is not None:
            self._thread.start()

    @classmethod
    def open(cls, destination: str, now: Callable[[], float]) -> Self:
        """Open the log.

        Args:
            destination: A file, ``-`` for stdout, or empty for no log.
            now: Seconds since 1970.

        Raises:
            SettingsError: The file cannot be written.
        """
        if not destination:
            return cls(None, now)
        try:
            return cls(open_handler(destination), now)
        except OSError as error:
            reason = error.strerror or error
            raise SettingsError(f"setting TANDEM_AUDIT_LOG is not valid: {destination}: {reason}") from None

    @property
    def enabled(self) -> bool:
        """Whether anything is written."""
        return self._handler is not None

    @property
    def lost(self) -> int:
        """How many lines could not be written."""
        return int(self.registry.get_sample_value("tandem_audit_lost_total") or 0)

    def write(self, event: str, *, trace: str | None = None, **values: Value) -> None:
        """Write a line; values that are None are left out.

        Args:
            event: What happened.
            trace: The ``traceparent`` of the request; its id is written.
            values: The rest. Never a token, a password or what somebody wrote into a task.
        """
        if self._handler is None:
            return
        moment = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line: dict[str, Value] = {"time": moment, "event": event}
        line.update((name, _bounded(value)) for name, value in values.items() if value is not None)
        if trace is not None:
            line["trace_id"] = trace_id_of(trace)
        # Of no logger that anybody could configure by accident: the general log never shows these lines.
        record = logging.makeLogRecord({"name": AUDIT_LOGGER, "msg": orjson.dumps(line).decode()})
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self._note_lost("they come faster than they can be written")

    def close(self) -> None:
        """Write what waits, for a bounded time."""
        if self._handler is None:
            return
        try:
            self._waiting.put(None, timeout=_CLOSE_SECONDS)
        except queue.Full:
            return
        self._thread.join(_CLOSE_SECONDS)

    def _write_waiting(self) -> None:
        handler = self._handler
        assert handler is not None  # noqa: S101 - there is a thread only where there is a handler
        while (record := self._waiting.get()) is not None:
            try:
                handler.emit(record)
            except (OSError, ValueError) as error:
                self._note_lost(str(error))
            else:
                self._failing = False
        try:
            handler.close()
        except (OSError, ValueError) as error:
            self._note_lost(str(error))

    def _note_lost(self, reason: str) -> None:
        self._lost.inc()
        if not self._failing:
            self._failing = True
            logger.warning("audit lines are lost: %s", reason)


def _bounded(value: Value) -> Value:
    if isinstance(value, str):
        return _bounded_text(value)
    if isinstance(value, list):
        return [_bounded_text(text) for text in value[:LIST_MAX]]
    return value


def _bounded_text(text: str) -> str:
    # Half a surrogate pair has no form in UTF-8. A client may have put its token where no token belongs.
    return redact(text[:TEXT_MAX].encode(errors="replace").decode())[:TEXT_MAX]
