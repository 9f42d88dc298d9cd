"""AL1 and TR2 in the program as it is run: one log of both parts, and one id in all that a request causes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from tandem_testing.client import socket_url
from tandem_testing.server import TandemServer
from tandem_testing.sockets import connect_with, receive_type

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACED = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}


async def use(server: TandemServer) -> None:
    """Register, connect, write, and sign out everywhere; both requests belong to one trace."""
    ada = await server.register()
    async with connect_with(f"{socket_url(ada)}?token={ada.token}", None) as socket:
        await receive_type(socket, "hello")
        assert (await ada.call("POST", "tasks", json={"title": "attack at dawn"}, headers=TRACED)).is_success
        await receive_type(socket, "task_update")
        assert (await ada.call("POST", "/api/auth/logout-all", headers=TRACED)).is_success
        await socket.wait_closed()
    assert server.stop() == 0


def check(server: TandemServer, text: str) -> None:
    """Check what was written."""
    lines: list[dict[str, Any]] = [orjson.loads(line) for line in text.splitlines()]
    events = [line["event"] for line in lines]
    assert sorted(events) == sorted(
        ["registered", "connect", "subscribe", "delivery", "signed_out_everywhere", "session_revoked", "disconnect"]
    )
    joined = [line["event"] for line in lines if line.get("trace_id") == TRACE]
    assert sorted(joined) == ["delivery", "session_revoked", "signed_out_everywhere"]
    assert len({line["user"] for line in lines}) == 1
    for secret in (*server.secrets, "attack at dawn"):
        assert secret not in text


async def test_one_file_tells_of_both_parts_al1_tr2(tandem: Callable[..., TandemServer], tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    server = tandem(TANDEM_AUDIT_LOG=str(file), TANDEM_AUDIT_DELIVERIES="each").start()
    await use(server)
    check(server, file.read_text())


async def test_stdout_has_the_same_lines_al1(tandem: Callable[..., TandemServer]) -> None:
    server = tandem(TANDEM_AUDIT_LOG="-", TANDEM_AUDIT_DELIVERIES="each").start()
    await use(server)
    check(server, "".join(line for line in server.stdout.splitlines(keepends=True) if line.startswith("{")))


async def test_a_full_disk_stops_nobody_and_shows_in_the_metrics_al4(tandem: Callable[..., TandemServer]) -> None:
    server = tandem(TANDEM_AUDIT_LOG="/dev/full").start()
    await server.register()
    server.wait_for_log("audit lines are lost: [Errno 28]")
    async with server.http() as http:
        assert "tandem_audit_lost_total 1.0" in (await http.get("/metrics")).text


@pytest.mark.parametrize("value", ["/nowhere/audit.log", "/proc"])
def test_a_log_that_cannot_be_opened_ends_the_start(tandem: Callable[..., TandemServer], value: str) -> None:
    with pytest.raises(RuntimeError, match="setting TANDEM_AUDIT_LOG is not valid"):
        tandem(TANDEM_AUDIT_LOG=value).start()
