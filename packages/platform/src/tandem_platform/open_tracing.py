"""Spans are off unless an operator wants them, and then OpenTelemetry's (TR4)."""

from collections.abc import Callable

from tandem_platform.observability_settings import ObservabilitySettings
from tandem_platform.settings import SettingsError
from tandem_platform.tracing import NoTracing, Tracing


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
