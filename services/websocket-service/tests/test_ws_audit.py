"""AL1 to AL4 at the sockets: each line of a connection's life, and nothing secret in any of them."""

import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from websockets.exceptions import InvalidStatus

from tandem_platform.audit import TEXT_MAX, AuditLog
from tandem_platform.event_signatures import EventKeys
from tandem_platform.observability import Observability
from tandem_testing.sockets import (
    SocketServer,
    TestClock,
    close_code,
    connect_with,
    receive,
    receive_type,
    session_revoked,
    socket_server,
    task_event,
)
from tandem_websocket.audit import SUM_SECONDS
from tandem_websocket.event_source import EventSource

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
SECRET = "attack at dawn"


class Audited:
    """A service and what it has written by its end."""

    def __init__(self, file: Path, server: SocketServer) -> None:
        self.file = file
        self.server = server

    def lines(self, event: str | None = None) -> list[dict[str, Any]]:
        found = [orjson.loads(line) for line in self.file.read_bytes().splitlines()]
        return [line for line in found if event in {None, line["event"]}]


@contextlib.asynccontextmanager
async def audited(folder: Path, **options: Any) -> AsyncGenerator[Audited]:
    file = folder / "audit.log"
    observability = Observability(AuditLog.open(str(file), TestClock().now))
    async with socket_server(observability=observability, heartbeat_interval=3600, **options) as server:
        yield Audited(file, server)


async def refused(url: str, token: str | None, **headers: str) -> None:
    with pytest.raises(InvalidStatus):
        async with connect_with(url, token, additional_headers=headers):
            pass


async def test_a_connections_life_is_told_in_order_al1(tmp_path: Path) -> None:
    user, session = str(uuid4()), str(uuid4())
    async with audited(tmp_path) as audit:
        server = audit.server
        token = server.mint.token(user, session)
        headers = {"traceparent": TRACEPARENT, "origin": server.http}
        async with connect_with(server.url(user), token, additional_headers=headers, user_agent_header="Pad/1") as one:
            connection = (await receive(one))["connection_id"]
            await server.publish(task_event(user, 1, description=SECRET), task_event(user, 2, description=SECRET))
            await receive_type(one, "task_update")
            await receive_type(one, "task_update")
            await one.send('{"type": "ping"}')
            await receive_type(one, "pong")
            await one.close(4000)
        await server.status(connections=0)
    lines = audit.lines()
    assert [line["event"] for line in lines] == ["connect", "subscribe", "disconnect", "deliveries"]
    whose = {
        "user": user,
        "session": session,
        "connection": connection,
        "address": "127.0.0.1",
        "user_agent": "Pad/1",
        "origin": server.http,
        "trace_id": TRACE,
    }
    for line in lines[:3]:
        assert line.items() >= whose.items()
        assert line["time"].endswith("Z")
    assert lines[1]["audience"] == user
    ended = {name: value for name, value in lines[2].items() if name not in whose}
    assert 0 <= ended.pop("seconds") < 60
    del ended["time"]
    assert ended == {"event": "disconnect", "code": 4000, "closed_by": "client", "deliveries": 2, "messages": 1}
    assert (lines[3]["events"], lines[3]["deliveries"]) == (2, 2)
    written = audit.file.read_text()
    assert token not in written
    assert SECRET not in written


async def test_refused_handshakes_say_why_and_whose_token_it_was_al1_au6(tmp_path: Path) -> None:
    user, other = str(uuid4()), str(uuid4())
    async with audited(tmp_path) as audit:
        server = audit.server
        good, old = server.mint.token(user, user), server.mint.token(user, user, expires_at=1.0)
        await refused(server.url(user), None)
        await refused(f"{server.url(user)}?token={old}", None)
        await refused(f"{server.url(user)}?token=s3cr3t-and-forged", None)
        await refused(server.url(other), good)
        await refused(server.url(user), good, origin="https://evil.example")
        await refused(server.url(good), good)
        await server.publish(session_revoked(user, user))
        await refused(server.url(user), good)
    lines = audit.lines("connect_refused")
    assert [line["reason"] for line in lines] == [
        "no_token",
        "invalid_token",
        "invalid_token",
        "other_user",
        "origin",
        "other_user",
        "session_ended",
    ]
    assert [line.get("user") for line in lines] == [None, None, None, user, user, user, None]
    assert [line.get("path_user") for line in lines] == [user, user, user, other, user, None, user]
    assert lines[4]["origin"] == "https://evil.example"
    written = audit.file.read_text()
    for secret in (good, old, good.rpartition(".")[2], "s3cr3t"):
        assert secret not in written


async def test_one_connection_too_many_never_subscribes_al1(tmp_path: Path) -> None:
    user = str(uuid4())
    async with (
        audited(tmp_path, max_connections_per_user=1) as audit,
        audit.server.client(user),
        connect_with(audit.server.url(user), audit.server.mint.token(user, user)) as refused_one,
    ):
        assert (await close_code(refused_one))[0] == 4501
    first, second = (line["connection"] for line in audit.lines("connect"))
    assert [line["connection"] for line in audit.lines("subscribe")] == [first]
    ends = {line["connection"]: (line["code"], line["closed_by"]) for line in audit.lines("disconnect")}
    assert ends == {first: (1000, "client"), second: (4501, "service")}


async def test_a_rate_limit_is_one_line_a_connection_al1(tmp_path: Path) -> None:
    user = str(uuid4())
    async with audited(tmp_path, max_messages_per_minute=1) as audit, audit.server.client(user) as client:
        for _ in range(9):
            await client.send('{"type": "ping"}')
        assert (await close_code(client))[0] == 4003
        await audit.server.status(connections=0)
    (line,) = audit.lines("rate_limited")
    assert line["user"] == user
    assert audit.lines("disconnect")[0]["code"] == 4003


async def test_a_revoked_session_tells_how_many_sockets_were_closed_al1_tr2(tmp_path: Path) -> None:
    user, session = str(uuid4()), str(uuid4())
    async with (
        audited(tmp_path) as audit,
        audit.server.client(user, session_id=session) as one,
        audit.server.client(user, session_id=session) as two,
        audit.server.client(user),
    ):
        await audit.server.publish({**session_revoked(user, session), "trace": TRACEPARENT})
        assert [(await close_code(client))[0] for client in (one, two)] == [4500, 4500]
    (line,) = audit.lines("session_revoked")
    assert (line["user"], line["sessions"], line["sockets"], line["trace_id"]) == (user, [session], 2, TRACE)


async def test_forged_events_are_written_with_the_key_that_they_name_al1_ev9(tmp_path: Path) -> None:
    user = str(uuid4())
    ours, theirs = EventKeys({"a": b"x" * 32}), EventKeys({"a": b"y" * 32})
    async with audited(tmp_path, source=EventSource(keys=ours)) as audit, audit.server.client(user) as client:
        now = audit.server.clock.now()
        forged = task_event(user, 1, description=SECRET)
        await audit.server.publish(forged)
        await audit.server.service.handle([theirs.sign(orjson.dumps(forged), now)])
        await audit.server.service.handle([ours.sign(orjson.dumps(task_event(user, 2)), now)])
        assert (await receive(client))["seq"] == 2
    assert [(line["reason"], line.get("key")) for line in audit.lines("forged_event")] == [
        ("unsigned", None),
        ("wrong_signature", "a"),
    ]
    assert SECRET not in audit.file.read_text()


async def test_each_delivery_has_a_line_where_that_is_wanted_al5_tr2(tmp_path: Path) -> None:
    user = str(uuid4())
    event = {**task_event(user, 7, description=SECRET), "trace": TRACEPARENT}
    async with (
        audited(tmp_path, audit_deliveries="each") as audit,
        audit.server.client(user) as one,
        audit.server.client(user) as two,
    ):
        await audit.server.publish(event, task_event(str(uuid4())))
        for client in (one, two):
            assert "trace" not in await receive_type(client, "task_update")
    (line,) = audit.lines("delivery")
    assert (line["event_id"], line["space"], line["seq"]) == (event["event_id"], event["space"], 7)
    assert (line["sockets"], line["trace_id"]) == (2, TRACE)
    assert not audit.lines("deliveries")
    assert SECRET not in audit.file.read_text()


async def test_deliveries_are_summed_up_once_a_minute_al5(tmp_path: Path) -> None:
    user = str(uuid4())
    async with audited(tmp_path) as audit, audit.server.client(user) as client:
        for seq in range(1, 4):
            await audit.server.publish(task_event(user, seq))
            await receive_type(client, "task_update")
        assert not audit.lines("deliveries")
        audit.server.clock.move(SUM_SECONDS)
        while not audit.lines("deliveries"):
            await audit.server.status()
        await audit.server.publish(task_event(user, 4))
        await receive_type(client, "task_update")
    assert [(line["events"], line["deliveries"]) for line in audit.lines("deliveries")] == [(3, 3), (1, 1)]


async def test_hostile_headers_make_one_bounded_line_al2(tmp_path: Path) -> None:
    user = str(uuid4())
    async with audited(tmp_path) as audit:
        server = audit.server
        token = server.mint.token(user, user)
        agent = f'"}}\\{{\t\xe9 {token} ' + "A" * 4000
        hostile = {"traceparent": "00-zz-zz-00"}
        async with connect_with(server.url(user), token, user_agent_header=agent, additional_headers=hostile) as client:
            await receive(client)
    lines = audit.lines("connect")
    assert len(lines) == 1
    assert len(lines[0]["user_agent"]) <= TEXT_MAX
    assert "trace_id" not in lines[0]
    assert token[3:40] not in audit.file.read_text()
    assert all(len(line) < 2000 for line in audit.file.read_bytes().splitlines())


async def test_a_full_disk_ends_no_connection_al4() -> None:
    user = str(uuid4())
    observability = Observability(AuditLog.open("/dev/full", TestClock().now))
    async with (
        socket_server(observability=observability, heartbeat_interval=3600) as server,
        server.client(user) as client,
    ):
        await server.publish(task_event(user, 1))
        assert (await receive(client))["seq"] == 1
        assert (await server.status(connections=1))["active_users"] == 1
    assert observability.audit.lost >= 3
