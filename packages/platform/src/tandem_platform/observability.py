"""What a program tells about what it does: its audit log and its spans."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from tandem_platform.audit import AuditLog
from tandem_platform.clock import Clock
from tandem_platform.observability_settings import ObservabilitySettings
from tandem_platform.open_tracing import open_tracing
from tandem_platform.randomness import BufferedRandomness
from tandem_platform.tracing import NoTracing, Tracing


def _no_audit() -> AuditLog:
    return AuditLog.open("", Clock().now)


def _no_tracing() -> NoTracing:
    return NoTracing(BufferedRandomness(os.urandom))


@dataclass(frozen=True, slots=True)
class Observability:
    """Both of them; without arguments nothing is written and nothing is kept."""

    audit: AuditLog = field(default_factory=_no_audit)
    tracing: Tracing = field(default_factory=_no_tracing)

    @classmethod
    def open(cls, settings: ObservabilitySettings, service: str, now: Callable[[], float]) -> Self:
        """Open what an operator wants.

        Args:
            settings: Says what.
            service: What the program is called in traces.
            now: Seconds since 1970.

        Raises:
            SettingsError: It cannot be opened.
        """
        tracing = open_tracing(settings, service, BufferedRandomness(os.urandom))
        return cls(AuditLog.open(settings.audit_log, now), tracing)

    def close(self) -> None:
        """Write and send what waits. May take some seconds."""
        self.tracing.close()
        self.audit.close()
