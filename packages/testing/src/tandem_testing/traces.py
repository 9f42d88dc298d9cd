"""A collector of traces for tests: takes OTLP over HTTP as a real one does."""

import gzip
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

WAIT_SECONDS: Final = 30.0


@dataclass(frozen=True)
class CollectedSpan:
    """A span as it came: ids in hex, the trace ids of its links, and the name of the service."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    links: tuple[str, ...]


class TraceCollector:
    """The spans that have come."""

    def __init__(self, url: str) -> None:
        """Create it without any; ``url`` is what goes into OTEL_EXPORTER_OTLP_ENDPOINT."""
        self.url = url
        self._spans: list[CollectedSpan] = []
        self._came = threading.Condition()

    def take(self, body: bytes) -> None:
        """Take the body of an export."""
        request = ExportTraceServiceRequest.FromString(body)
        with self._came:
            for of_resource in request.resource_spans:
                names = {pair.key: pair.value.string_value for pair in of_resource.resource.attributes}
                self._spans.extend(
                    CollectedSpan(
                        service=names["service.name"],
                        name=span.name,
                        trace_id=span.trace_id.hex(),
                        span_id=span.span_id.hex(),
                        parent_id=span.parent_span_id.hex(),
                        links=tuple(link.trace_id.hex() for link in span.links),
                    )
                    for of_scope in of_resource.scope_spans
                    for span in of_scope.spans
                )
            self._came.notify_all()

    def wait(self, name: str) -> CollectedSpan:
        """Return the first span of that name.

        Raises:
            TimeoutError: None comes.
        """
        with self._came:
            if not self._came.wait_for(lambda: any(span.name == name for span in self._spans), WAIT_SECONDS):
                raise TimeoutError(f"no span {name!r} among {self._spans}")
            return next(span for span in self._spans if span.name == name)


@contextmanager
def trace_collector() -> Generator[TraceCollector]:
    """Run a collector on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.take(gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = TraceCollector(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
