"""Spans: off unless an operator wants them, and then OpenTelemetry's (TR4)."""

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

from tandem_platform.observability_settings import ObservabilitySettings
from tandem_platform.settings import SettingsError
from tandem_platform.trace_context import new_traceparent

SpanKind = Literal["server", "producer", "consumer"]


class Tracing(Protocol):
    """Where spans go."""

    @property
    def recording(self) -> bool:
        """Whether spans are kept; what is only for them need not be done otherwise."""
        ...

    def span(
        self, name: str, kind: SpanKind, parent: str | None, links: Iterable[str] = ()
    ) -> AbstractContextManager[str]:
        """Return a span, from entering it to leaving it.

        Args:
            name: What is done.
            kind: Its place in a trace.
            parent: The ``traceparent`` of what caused it; None begins a trace.
            links: Those of what it is about besides.

        Returns:
            The ``traceparent`` for what it causes.
        """
        ...

    def close(self) -> None:
        """Send what waits. May take some seconds."""
        ...


class NoTracing:
    """Passes trace ids on and keeps nothing."""

    recording = False

    def __init__(self, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        """Create it; ``random_bytes`` makes the ids of traces that begin here."""
        self._random_bytes = random_bytes

    def span(
        self, name: str, kind: SpanKind, parent: str | None, links: Iterable[str] = ()
    ) -> AbstractContextManager[str]:
        """See `Tracing.span`."""
        del name, kind, links
        return nullcontext(parent or new_traceparent(self._random_bytes))

    def close(self) -> None:
        """See `Tracing.close`."""


def open_tracing(settings: ObservabilitySettings, service: str, random_bytes: Callable[[int], bytes]) -> Tracing:
    """Return what an operator wants.

    Args:
        settings: Whether traces are wanted; the rest is OpenTelemetry's own (``OTEL_SERVICE_NAME`` and so on).
        service: What the program is called in traces.
        random_bytes: Makes the ids of traces that nobody keeps.

    Raises:
        SettingsError: Traces are wanted and OpenTelemetry is not installed.
    """
    wanted = settings.traces_exporter == "otlp" or (settings.traces_exporter == "" and settings.otlp_endpoint != "")
    if not wanted:
        return NoTracing(random_bytes)
    try:
        # Not at the top: these packages are an extra, and cost a start-up half a second.
        from tandem_platform.otel_tracing import OtelTracing  # noqa: PLC0415
    except ImportError:
        raise SettingsError(
            "setting OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_TRACES_EXPORTER asks for traces, and OpenTelemetry is not "
            "installed: pip install 'tandem-platform[tracing]'"
        ) from None
    return OtelTracing.over_http(service, NoTracing(random_bytes))
