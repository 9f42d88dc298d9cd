"""Spans, and what stands in their place where nobody keeps them (TR4)."""

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

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
