"""Spans by OpenTelemetry, sent by OTLP over HTTP (TR4). Needs the extra ``tracing``."""

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Final, Self

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, TraceFlags

from tandem_platform.tracing import NoTracing, SpanKind

_KINDS: Final = {
    "server": trace.SpanKind.SERVER,
    "producer": trace.SpanKind.PRODUCER,
    "consumer": trace.SpanKind.CONSUMER,
}


class OtelTracing:
    """Keeps spans and has them exported by a thread of OpenTelemetry's."""

    recording = True

    def __init__(self, provider: TracerProvider, without: NoTracing) -> None:
        """Create it.

        Args:
            provider: Makes the spans; closed with this.
            without: Makes ids where OpenTelemetry is told to make none (``OTEL_SDK_DISABLED``).
        """
        self._provider = provider
        self._tracer = provider.get_tracer("tandem")
        self._without = without

    @classmethod
    def over_http(cls, service: str, without: NoTracing) -> Self:
        """Return tracing to the collector that the environment names; ``OTEL_SERVICE_NAME`` goes before ``service``."""
        named = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: service}
        provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return cls(provider, without)

    @contextmanager
    def span(self, name: str, kind: SpanKind, parent: str | None, links: Iterable[str] = ()) -> Generator[str]:
        """See `Tracing.span`."""
        # A context of its own: whose span it is follows from what was passed, not from the task that runs.
        context = Context() if parent is None else trace.set_span_in_context(NonRecordingSpan(_read(parent)), Context())
        linked = [Link(_read(link)) for link in links]
        span = self._tracer.start_span(name, context, kind=_KINDS[kind], links=linked)
        try:
            made = span.get_span_context()
            if made.is_valid:
                yield f"00-{made.trace_id:032x}-{made.span_id:016x}-{made.trace_flags:02x}"
            else:
                with self._without.span(name, kind, parent) as passed_on:
                    yield passed_on
        except Exception as error:
            span.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise
        finally:
            span.end()

    def close(self) -> None:
        """See `Tracing.close`."""
        self._provider.shutdown()


def _read(traceparent: str) -> SpanContext:
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
