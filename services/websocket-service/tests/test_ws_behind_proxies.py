"""Sockets behind reverse proxies: the audit log has the client's address, and nobody talks himself into another."""

from pathlib import Path
from uuid import uuid4

import httpx
import orjson
import pytest
from websockets.exceptions import InvalidStatus

from tandem_platform.audit import AuditLog
from tandem_platform.observability import Observability
from tandem_testing.sockets import TestClock, connect_with, receive, socket_server, task_event


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("127.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("127.0.0.1,10.0.0.0/8", ["198.51.100.1, 10.1.2.3, 10.200.0.1"], "198.51.100.1"),
        # Whoever connects can write anything before what the last proxy adds.
        ("127.0.0.1", ["127.0.0.1, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["203.0.113.66, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["203.0.113.66", "198.51.100.1"], "198.51.100.1"),
        ("127.0.0.0/8,10.0.0.0/8", ["10.6.6.6, 198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("192.0.2.0/24", ["203.0.113.66"], "127.0.0.1"),
        ("", ["203.0.113.66"], "127.0.0.1"),
    ],
)
async def test_the_address_is_the_last_that_is_no_trusted_proxys_al2_tl3(
    tmp_path: Path, trusted: str, forwarded: list[str], address: str
) -> None:
    user, file = str(uuid4()), tmp_path / "audit.log"
    observability = Observability(AuditLog.open(str(file), TestClock().now))
    async with socket_server(observability=observability, trusted_proxies=trusted) as server:
        token = server.mint.token(user, str(uuid4()))
        headers = [("X-Forwarded-For", value) for value in forwarded]
        async with connect_with(server.url(user), token, additional_headers=headers) as client:
            await receive(client)
    lines = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    assert [line["address"] for line in lines if line["event"] == "connect"] == [address]


@pytest.mark.parametrize(
    ("trusted", "scheme", "welcome"),
    [("127.0.0.1", "https", True), ("127.0.0.1", "http", False), ("192.0.2.1", "http", True)],
)
async def test_by_https_a_page_that_came_by_http_may_not_connect_hs2(
    trusted: str,
    scheme: str,
    welcome: bool,  # noqa: FBT001
) -> None:
    user = str(uuid4())
    async with socket_server(trusted_proxies=trusted) as server:
        token = server.mint.token(user, str(uuid4()))
        headers = {"X-Forwarded-Proto": "https", "Origin": f"{scheme}://127.0.0.1:{server.port}"}
        connection = connect_with(server.url(user), token, additional_headers=headers)
        if welcome:
            async with connection as client:
                assert (await receive(client))["type"] == "hello"
        else:
            with pytest.raises(InvalidStatus, match="403"):
                await connection


@pytest.mark.parametrize("forwarded", ["203.0.113.66", "127.0.0.1, 203.0.113.66"])
async def test_events_that_come_through_a_proxy_are_not_this_machines(forwarded: str) -> None:
    event = {"data": task_event(str(uuid4()))}
    async with socket_server() as server, httpx.AsyncClient(base_url=server.http) as http:
        refused = await http.post("/events/task-updates", json=event, headers={"x-forwarded-for": forwarded})
        assert refused.status_code == 403
        assert (await http.post("/events/task-updates", json=event)).status_code == 200
