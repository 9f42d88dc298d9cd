"""TR4: one trace from a request through the bus to the sockets, as a collector sees it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tandem_platform.observability_settings import ObservabilitySettings
from tandem_platform.open_tracing import open_tracing
from tandem_platform.tracing import NoTracing
from tandem_testing.client import socket_url
from tandem_testing.server import TandemServer
from tandem_testing.sockets import connect_with, receive_type
from tandem_testing.traces import trace_collector

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


async def test_a_write_its_publishing_and_its_delivery_share_a_trace_tr4(tandem: Callable[..., TandemServer]) -> None:
    with trace_collector() as collector:
        server = tandem(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY="100").start()
        ada = await server.register()
        async with connect_with(socket_url(ada), ada.token) as socket:
            await receive_type(socket, "hello")
            headers = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
            assert (await ada.call("POST", "tasks", json={"title": "x"}, headers=headers)).status_code == 201
            await receive_type(socket, "task_update")
        write = collector.wait("create task")
        publish = collector.wait("publish task-updates")
        deliver = collector.wait("deliver task-updates")
        assert (write.service, write.trace_id, write.parent_id) == ("tandem", TRACE, SPAN)
        assert (deliver.trace_id, deliver.parent_id) == (TRACE, write.span_id)
        assert publish.links == (TRACE,)
        assert server.stop() == 0


async def test_spans_that_wait_are_sent_before_the_end_and_begin_a_trace_where_none_came_tr4(
    tandem: Callable[..., TandemServer],
) -> None:
    with trace_collector() as collector:
        server = tandem(
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_BSP_SCHEDULE_DELAY="3600000",
            OTEL_SERVICE_NAME="our tasks",
        ).start()
        ada = await server.register()
        await ada.made()
        assert server.stop() == 0
        write = collector.wait("create task")
        assert (write.service, write.parent_id) == ("our tasks", "")


async def test_a_collector_that_is_gone_holds_no_write_up_tr4(tmp_path: Path) -> None:
    with trace_collector() as collector:
        url = collector.url
    # Without the fixture, which takes OpenTelemetry's complaint for an error of the program.
    server = TandemServer(
        tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT=url,
        OTEL_BSP_SCHEDULE_DELAY="50",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    ).start()
    try:
        ada = await server.register()
        for _ in range(5):
            await ada.made()
        server.wait_for_log("Failed to export")
        await ada.made()
        assert "Traceback" not in server.stderr
    finally:
        await server.close()


@pytest.mark.parametrize(
    ("exporter", "endpoint", "on"),
    [("", "", False), ("none", "http://127.0.0.1:9", False), ("", "http://127.0.0.1:9", True), ("otlp", "", True)],
)
def test_tracing_is_on_where_it_is_asked_for_tr4(exporter: str, endpoint: str, *, on: bool) -> None:
    settings = ObservabilitySettings.load({"traces_exporter": exporter, "otlp_endpoint": endpoint})
    tracing = open_tracing(settings, "test", os.urandom)
    assert tracing.recording == on
    assert isinstance(tracing, NoTracing) != on
    tracing.close()


_WITHOUT_PACKAGES = """
import sys
sys.modules["opentelemetry.sdk"] = None
sys.argv = ["tandem", "serve"]
from tandem.start import main
sys.exit(main())
"""


def test_missing_packages_are_one_line_tr4(tandem: Callable[..., TandemServer]) -> None:
    environment = tandem(OTEL_TRACES_EXPORTER="otlp").environment
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_PACKAGES],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "tandem-platform[tracing]" in line


def test_nothing_of_opentelemetry_is_loaded_where_it_is_off_tr4() -> None:
    program = "import sys, tandem.embedded, tandem_websocket.main; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    # FastAPI loads OpenTelemetry's interface by itself; what does the work is the SDK.
    loaded = done.stdout.split()
    assert "tandem_platform.tracing" in loaded
    assert not [name for name in loaded if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))]
