"""Garbage over the sockets of the whole program: it stays up, logs no error, and nobody else notices (WS6, HS2)."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tandem_testing.backend import Device
from tandem_testing.client import SyncClient, following, socket_url
from tandem_testing.server import TandemServer
from tandem_testing.sockets import connect_with

Bystander = tuple[TandemServer, Device, Device, SyncClient]
DEADLINE = timedelta(seconds=30)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
almost = st.fixed_dictionaries(
    {"type": st.sampled_from(["ping", "pong", "token", "hello", "task_update", ""]) | values},
    optional={"token": values | st.sampled_from(["eyJ.e30.x", "a.b.c"]), "extra": values},
).map(json.dumps)
sizes = st.sampled_from([0, 1, 125, 126, 16_384, 16_385, 65_535, 65_536, 65_537, 200_000])
huge = st.tuples(sizes, st.sampled_from(["x", "[", '{"a":', "\N{SNOWMAN}"])).map(lambda pair: pair[0] * pair[1])
deep = st.integers(1, 8000).map(lambda depth: "[" * depth + "]" * depth)
fragments = st.lists(st.text(max_size=10), min_size=1, max_size=20)
messages = st.lists(st.text(max_size=200) | st.binary(max_size=200) | almost | huge | deep | fragments, max_size=10)
visible = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#,"), max_size=60)
fuzzed = settings(
    max_examples=50,
    deadline=DEADLINE,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
async def bystander(tandem: Callable[..., TandemServer]) -> AsyncGenerator[Bystander]:
    """Yield a server, the writer and the garbage's sender of one user, and a client that follows them."""
    server = tandem(HEARTBEAT_INTERVAL="3600", TANDEM_MAX_MESSAGES_PER_MINUTE="1000000").start()
    ada, other, third = await server.register(), await server.login(), await server.login()
    async with following(third) as client:
        yield server, ada, other, client
        assert client.closes == []
        assert client.pulls == 1


async def nobody_noticed(bystander: Bystander) -> None:
    """Check that a write still reaches the other client at once."""
    _, ada, _, client = bystander
    task = await ada.made()
    await client.until(lambda: task["id"] in client.tasks)


@fuzzed
@given(sent=messages)
async def test_any_messages_ws6(bystander: Bystander, sent: list[str | bytes | list[str]]) -> None:
    device = bystander[2]
    async with connect_with(socket_url(device), device.token) as socket:
        with suppress(ConnectionClosed):
            for message in sent:
                await socket.send(message)
    await nobody_noticed(bystander)


@fuzzed
@given(junk=st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=5), upgraded=st.booleans())
async def test_any_bytes_ws6(bystander: Bystander, junk: list[bytes], upgraded: bool) -> None:  # noqa: FBT001
    server, _, device, _ = bystander
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    if upgraded:
        writer.write(
            f"GET /ws/{device.user_id}?token={device.token} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    with suppress(ConnectionError):
        for piece in junk:
            writer.write(piece)
            await writer.drain()
        writer.close()
        await writer.wait_closed()
    await nobody_noticed(bystander)


@fuzzed
@given(
    token=visible,
    path=st.sampled_from(["/ws/{user}", "/ws/", "/ws/{user}/", "/ws/../ws/{user}", "/ws/%00", "/ws", "/{user}"]),
    key=st.sampled_from(["MTIzNDU2Nzg5MDEyMzQ1Ng==", "", "short", "\xff"]),
    version=st.sampled_from(["13", "12", "", "x"]),
    protocols=st.sampled_from(["", "tandem.v1", "bearer.", "bearer.x, bearer.y", "tandem.v1, bearer.eyJ.e30.x", ",,,"]),
)
async def test_any_handshake_is_refused_hs2(
    bystander: Bystander, token: str, path: str, key: str, version: str, protocols: str
) -> None:
    server, _, device, _ = bystander
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(
        f"GET {path.format(user=device.user_id)}?token={token} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: {version}\r\n"
        f"Sec-WebSocket-Protocol: {protocols}\r\n\r\n".encode("latin-1")
    )
    async with asyncio.timeout(DEADLINE.total_seconds()):
        status = await reader.readline()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    assert status.split()[1][:1] == b"4", status
    await nobody_noticed(bystander)


async def test_many_half_open_handshakes(bystander: Bystander) -> None:
    server, _, device, _ = bystander
    writers = [(await asyncio.open_connection("127.0.0.1", server.port))[1] for _ in range(100)]
    for number, writer in enumerate(writers):
        writer.write(
            f"GET /ws/{device.user_id}?token={device.token} HTTP/1.1\r\nHost: h\r\nUpgr".encode()[: number * 3]
        )
    await nobody_noticed(bystander)
    for writer in writers:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_one_user_too_many_connections_hs3(tandem: Callable[..., TandemServer]) -> None:
    server = tandem(TANDEM_MAX_CONNECTIONS_PER_USER="2").start()
    ada, eve = await server.register(), await server.register("eve@example.com")
    async with following(ada) as first, following(ada), following(eve) as hers:
        with suppress(InvalidHandshake):
            async with connect_with(socket_url(ada), ada.token) as third:
                await third.wait_closed()
                assert third.close_code == 4501
        await ada.made()
        await first.until(lambda: len(first.tasks) == 1)
        assert hers.closes == first.closes == []
