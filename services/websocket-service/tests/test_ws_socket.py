"""An open socket with a real server and real clients."""

import asyncio
import time
from uuid import uuid4

import orjson
import pytest

from tandem_protocol.messages import SpaceHead
from tandem_testing.sockets import (
    SocketServer,
    TokenMint,
    close_code,
    receive,
    receive_type,
    session_revoked,
    socket_server,
    task_event,
)


async def test_an_event_reaches_every_socket_of_its_audience_and_nobody_else_ev6(server: SocketServer) -> None:
    ada, bob, eve = (str(uuid4()) for _ in range(3))
    event = task_event(ada) | {"audience": [ada, bob, ada]}
    async with (
        server.client(ada) as first,
        server.client(ada) as second,
        server.client(bob) as friend,
        server.client(eve) as stranger,
    ):
        await server.publish(event)
        for client in (first, second, friend):
            assert await receive(client) == {
                "type": "task_update",
                "event": "task.created",
                **{name: event[name] for name in ("task", "timestamp", "space", "epoch", "seq", "actor", "mutation")},
            }
            await client.send('{"type":"ping"}')
            assert await receive(client) == {"type": "pong"}
        await stranger.send('{"type":"ping"}')
        assert await receive(stranger) == {"type": "pong"}
    assert server.metric("deliveries_total") == 3
    assert server.metric("events_total", type="task.created") == 1


async def test_a_batch_is_sorted_before_it_goes_out_ev2(server: SocketServer) -> None:
    user = str(uuid4())
    async with server.client(user) as client:
        await server.publish(*(task_event(user, seq) for seq in (3, 1, 10, 2)))
        assert [(await receive(client))["seq"] for _ in range(4)] == [1, 2, 3, 10]


async def test_bad_events_are_dropped_and_the_good_ones_arrive(server: SocketServer) -> None:
    user = str(uuid4())
    async with server.client(user) as client:
        await server.service.handle(
            [
                b"not json",
                b"[]",
                orjson.dumps({"event_type": "task.exploded"}),
                orjson.dumps(task_event(user) | {"seq": "many"}),
                orjson.dumps(task_event(user, 7)),
            ]
        )
        assert (await receive(client))["seq"] == 7
    assert server.metric("events_dropped_total", reason="unknown_type") == 3
    assert server.metric("events_dropped_total", reason="invalid") == 1


async def test_a_client_may_ask_whether_the_connection_lives_ws3(server: SocketServer) -> None:
    async with server.client(str(uuid4())) as client:
        await client.send('{"type": "ping"}')
        assert await receive(client) == {"type": "pong"}
        await client.send('{"type": "pong"}')
        await client.send('{"type": "ping"}')
        assert await receive(client) == {"type": "pong"}


async def test_pings_come_with_the_heads_f10_f21_ws2() -> None:
    ada, bob = str(uuid4()), str(uuid4())
    head = SpaceHead(epoch=str(uuid4()), head=18)
    async with socket_server(heartbeat_interval=0.2) as server:
        server.backend.heads[ada] = {ada: head}
        async with server.client(ada) as first, server.client(ada) as second, server.client(bob) as other:
            for client in (first, second, first, second):
                assert await receive(client) == {
                    "type": "ping",
                    "timestamp": None,
                    "heads": {ada: {"epoch": head.epoch, "head": 18}},
                }
            assert await receive(other) == {"type": "ping", "timestamp": None}
            request = server.backend.requests[-1]
            assert sorted(request.users) == sorted([ada, bob])
            assert len(request.sessions) == 3


@pytest.mark.parametrize("trouble", ["failing", "hanging"])
async def test_pings_go_out_plain_when_the_backend_does_not_answer_ws2(trouble: str) -> None:
    async with socket_server(heartbeat_interval=0.2) as server:
        setattr(server.backend, trouble, True)
        async with server.client(str(uuid4())) as client:
            for _ in range(3):
                assert await receive(client) == {"type": "ping", "timestamp": None}
        assert server.metric("heartbeat_failures_total") >= 3


async def test_a_heartbeat_closes_the_sockets_of_ended_sessions_ws8() -> None:
    user, session = str(uuid4()), str(uuid4())
    async with socket_server(heartbeat_interval=0.2) as server:
        server.backend.ended.append(session)
        async with server.client(user, session_id=session) as ended, server.client(user) as other:
            assert (await close_code(ended))[0] == 4500
            assert (await receive(other))["type"] == "ping"


async def test_a_revoked_session_loses_its_sockets_at_once_ws8(server: SocketServer) -> None:
    user, session = str(uuid4()), str(uuid4())
    async with (
        server.client(user, session_id=session) as first,
        server.client(user, session_id=session) as second,
        server.client(user) as other,
    ):
        await server.publish(session_revoked(user, session))
        assert await close_code(first) == (4500, [])
        assert await close_code(second) == (4500, [])
        await server.publish(task_event(user))
        assert (await receive(other))["type"] == "task_update"
    assert server.metric("closes_total", code="4500") == 2


async def test_a_fresh_token_keeps_the_socket_beyond_the_old_ones_end_ws4(server: SocketServer) -> None:
    user, session = str(uuid4()), str(uuid4())
    ends = int(time.time()) + 600
    async with (
        server.client(user, token=server.mint.token(user, session, ends)) as renewed,
        server.client(user, token=server.mint.token(user, session, ends)) as forgotten,
    ):
        fresh = server.mint.token(user, session, ends + 900)
        await renewed.send(orjson.dumps({"type": "token", "token": fresh}).decode())
        answer = await receive(renewed)
        assert answer == {
            "type": "token_accepted",
            "expires_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(ends + 900)),
        }
        server.clock.move(601)
        assert await close_code(forgotten) == (4002, [])
        await renewed.send('{"type":"ping"}')
        assert await receive(renewed) == {"type": "pong"}
        server.clock.move(900)
        assert await close_code(renewed) == (4002, [])


async def test_the_token_of_another_user_or_session_is_refused_and_the_old_one_stays_ws4(
    server: SocketServer,
) -> None:
    user, session = str(uuid4()), str(uuid4())
    async with server.client(user, session_id=session) as client:
        for token in (
            server.mint.token(user, str(uuid4())),
            server.mint.token(str(uuid4()), session),
            TokenMint(server.mint.kid).token(user, session),
            server.mint.token(user, session, time.time() - 1),
            "nonsense",
        ):
            await client.send(orjson.dumps({"type": "token", "token": token}).decode())
            answer = await receive(client)
            assert (answer["type"], answer["code"]) == ("error", "invalid_token")
            assert token not in answer["detail"]
        await client.send('{"type":"ping"}')
        assert await receive(client) == {"type": "pong"}


async def test_a_users_messages_are_limited_over_all_sockets_ws5() -> None:
    user = str(uuid4())
    async with (
        socket_server(max_messages_per_minute=10, heartbeat_interval=3600) as server,
        server.client(user) as first,
        server.client(user) as second,
        server.client(str(uuid4())) as other,
    ):
        for client in (first, second) * 5:
            await client.send('{"type":"ping"}')
            assert await receive(client) == {"type": "pong"}
        await first.send('{"type":"ping"}')
        assert (await receive(first))["code"] == "rate_limited"
        for _ in range(5):
            await second.send('{"type":"ping"}')
        code, messages = await close_code(second)
        assert code == 4003
        assert [message["code"] for message in messages] == ["rate_limited"] * 5
        await other.send('{"type":"ping"}')
        assert await receive(other) == {"type": "pong"}
        server.clock.move(60)
        await first.send('{"type":"ping"}')
        assert await receive(first) == {"type": "pong"}


async def test_one_pong_a_ping_is_free_ws3_ws5() -> None:
    user = str(uuid4())
    async with (
        socket_server(max_messages_per_minute=2, heartbeat_interval=0.1) as server,
        server.client(user) as client,
    ):
        for _ in range(6):
            assert (await receive(client))["type"] == "ping"
            await client.send('{"type":"pong"}')
        await client.send('{"type":"ping"}')
        assert await receive_type(client, "pong") == {"type": "pong"}
        for _ in range(6):
            await client.send('{"type":"pong"}')
        assert (await receive_type(client, "error"))["code"] == "rate_limited"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("x" * (16 * 1024 + 1), "message_too_large"),
        ("ü" * (8 * 1024 + 1), "message_too_large"),
        (b"x" * (16 * 1024 + 1), "message_too_large"),
        (b'{"type":"ping"}', "invalid_message"),
        ("", "invalid_message"),
        ("nonsense", "invalid_message"),
        ("[1,2]", "invalid_message"),
        ("{" * 5000, "invalid_message"),
        ('{"type":"shout"}', "invalid_message"),
        ('{"type":"ping","more":1}', "invalid_message"),
        ('{"type":"token"}', "invalid_message"),
    ],
)
async def test_the_fifth_bad_message_closes_the_socket_ws6(
    server: SocketServer, message: str | bytes, error: str
) -> None:
    user = str(uuid4())
    async with server.client(user) as client, server.client(user) as other:
        for _ in range(4):
            await client.send(message)
            answer = await receive(client)
            assert (answer["type"], answer["code"]) == ("error", error)
        await client.send('{"type":"ping"}')
        assert await receive(client) == {"type": "pong"}
        await client.send(message)
        code, messages = await close_code(client)
        assert (code, len(messages)) == (4502, 1)
        await server.publish(task_event(user))
        assert (await receive(other))["type"] == "task_update"


async def test_a_message_of_exactly_16_kb_is_read_ws6(server: SocketServer) -> None:
    async with server.client(str(uuid4())) as client:
        await client.send('{"type":"ping"}'.ljust(16 * 1024))
        assert await receive(client) == {"type": "pong"}


async def test_clients_that_leave_at_any_moment_leave_nothing_behind(server: SocketServer) -> None:
    user = str(uuid4())
    async with server.client(user) as watcher:
        for number in range(10):
            async with server.client(user) as client:
                await server.publish(task_event(user, number + 1))
                client.transport.abort()
                await server.publish(task_event(user, number + 2))
                await close_code(client)
            for _ in range(2):
                await receive_type(watcher, "task_update")
        await server.status(connections=1)


async def test_users_may_come_and_go_while_events_flow(server: SocketServer) -> None:
    user = str(uuid4())

    async def visit() -> None:
        async with server.client(user) as client:
            await receive_type(client, "task_update")

    async with asyncio.TaskGroup() as group:
        visits = [group.create_task(visit()) for _ in range(20)]
        seq = 0
        while not all(visit.done() for visit in visits):
            seq += 1
            await server.publish(task_event(user, seq))
            await asyncio.sleep(0)
    await server.status(connections=0)
