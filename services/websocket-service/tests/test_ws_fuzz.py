"""Random garbage, in messages and in bytes: no error in the log, no closed server, no harm to others (WS6)."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tandem_testing.sockets import PATIENCE, SocketServer, receive, receive_type, socket_server, task_event

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
almost_messages = st.dictionaries(
    st.sampled_from(["type", "token", "timestamp"]),
    st.sampled_from(["ping", "pong", "token", "hello", "eyJ.e30.x"]) | json_values,
).map(json.dumps)
messages = st.lists(st.text(max_size=300) | st.binary(max_size=300) | almost_messages, min_size=1, max_size=8)
fuzzed = settings(
    max_examples=60,
    deadline=timedelta(seconds=PATIENCE),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
async def patient_server() -> AsyncGenerator[SocketServer]:
    async with socket_server(heartbeat_interval=3600, max_messages_per_minute=1_000_000) as running:
        yield running


@fuzzed
@given(sent=messages)
async def test_any_message_is_answered_or_ignored_ws6(patient_server: SocketServer, sent: list[str | bytes]) -> None:
    server, user = patient_server, str(uuid4())
    async with server.client(user) as other, server.client(user) as client:
        with suppress(ConnectionClosed):
            for message in sent:
                await client.send(message)
            while (await receive(client))["type"] != "pong":
                await client.send('{"type":"ping"}')
        await server.publish(task_event(user))
        assert (await receive(other))["type"] == "task_update"


@fuzzed
@given(junk=st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=5), upgraded=st.booleans())
async def test_any_bytes_do_no_harm(patient_server: SocketServer, junk: list[bytes], upgraded: bool) -> None:  # noqa: FBT001
    server, user = patient_server, str(uuid4())
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    if upgraded:
        token = server.mint.token(user, str(uuid4()))
        writer.write(
            f"GET /ws/{user}?token={token} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
    with suppress(ConnectionError):
        for piece in junk:
            writer.write(piece)
            await writer.drain()
        writer.close()
        await writer.wait_closed()
    async with server.client(user) as other:
        await server.publish(task_event(user))
        assert (await receive_type(other, "task_update"))["seq"] == 1


@fuzzed
@given(
    path=st.sampled_from(["/ws/", "/ws/%s/", "/ws/../ws/", "/ws/%00", "/ws/\xfc", "/status/", "/events/"]),
    query=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=50),
)
async def test_any_handshake_is_refused_with_4xx_hs2(patient_server: SocketServer, path: str, query: str) -> None:
    headers = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-key": "MTIzNDU2Nzg5MDEyMzQ1Ng==",
        "sec-websocket-version": "13",
    }
    async with httpx.AsyncClient(base_url=patient_server.http) as http:
        answer = await http.get(f"{path}?token={query}", headers=headers)
    assert 400 <= answer.status_code < 500


@fuzzed
@given(body=st.binary(max_size=200) | json_values.map(json.dumps).map(str.encode))
async def test_any_posted_event_gets_an_answer(patient_server: SocketServer, body: bytes) -> None:
    json_type = {"content-type": "application/json"}
    async with httpx.AsyncClient(base_url=patient_server.http, headers=json_type) as http:
        answer = await http.post("/events/task-updates", content=body)
        bulk = await http.post(
            "/events/task-updates", content=b'{"entries":[{"entryId":"1","event":%s}]}' % _as_json(body)
        )
    assert answer.json() in ({"status": "DROP"}, {"statuses": []})
    assert bulk.json() in ({"statuses": [{"entryId": "1", "status": "DROP"}]}, {"status": "DROP"})


def _as_json(body: bytes) -> bytes:
    try:
        return orjson.dumps({"data": orjson.loads(body)})
    except orjson.JSONDecodeError:
        return b'{"data":"junk"}'
