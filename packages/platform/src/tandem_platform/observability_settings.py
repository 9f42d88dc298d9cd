"""Settings that every program shares: what it tells about what it does."""

from typing import Literal

from pydantic import Field

from tandem_platform.settings import Settings


class ObservabilitySettings(Settings):
    """Audit log and tracing. The names of the latter are OpenTelemetry's, whose libraries read the others of theirs."""

    audit_log: str = Field(
        "",
        alias="TANDEM_AUDIT_LOG",
        description="Where audit lines go: a file, `-` for stdout, or empty for nowhere",
    )
    traces_exporter: Literal["", "none", "otlp"] = Field(
        "",
        alias="OTEL_TRACES_EXPORTER",
        description="`otlp` sends OpenTelemetry traces, `none` does not; empty: only where an endpoint is set",
    )
    otlp_endpoint: str = Field(
        "",
        alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="Collector that takes traces by OTLP over HTTP, such as `http://127.0.0.1:4318`",
    )
