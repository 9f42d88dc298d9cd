"""The service as a program of its own: started, served by a backend over HTTP, and ended by a signal."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import orjson
import pytest

from tandem_platform.jwks import to_jwks
from tandem_protocol.heads import HeadsReply
from tandem_protocol.messages import SpaceHead
from tandem_testing.process import free_port
from tandem_testing.sockets import PATIENCE, TokenMint, close_code, connect_with, receive, receive_type, task_event


@asynccontextmanager
async def program(port: int, **environment: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tandem_websocket",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"HOST": "127.0.0.1", "PORT": str(port), "HEARTBEAT_INTERVAL": "0.3"} | environment,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def backend(port: int, mint: TokenMint, user: str) -> AsyncGenerator[None]:
    """Answer what a backend answers, one request a connection."""
    heads = HeadsReply(heads={user: {user: SpaceHead(epoch=user, head=7)}}, ended=[]).model_dump()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        good = request.startswith(b"GET /.well-known/jwks.json") or b"authorization: Bearer secret" in request
        body = orjson.dumps(to_jwks(mint.keys) if request.startswith(b"GET") else heads)
        status = b"200 OK" if good else b"401 Unauthorized"
        writer.write(b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def poll(http: httpx.AsyncClient, path: str, status: int) -> httpx.Response:
    """Ask until the answer has that status."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                answer = await http.get(path)
            except httpx.TransportError:
                continue
            if answer.status_code == status:
                return answer


async def test_the_program_serves_and_ends_in_order_ws9() -> None:
    user, mint, port, backend_port = str(uuid4()), TokenMint(), free_port(), free_port()
    environment = {"TANDEM_BACKEND_URL": f"http://127.0.0.1:{backend_port}", "TANDEM_INTERNAL_TOKEN": "secret"}
    async with program(port, **environment) as process, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        answer = await poll(http, "/ready", 503)
        assert "keys" in answer.json()["reasons"][0]
        assert (await http.get("/health")).status_code == 200
        async with backend(backend_port, mint, user):
            await poll(http, "/ready", 200)
            token = mint.token(user, str(uuid4()))
            client = await connect_with(f"ws://127.0.0.1:{port}/ws/{user}", token)
            assert (await receive(client))["type"] == "hello"
            # One whose heads did not come in time goes on plain (WS2).
            while "heads" not in (ping := await receive_type(client, "ping")):
                pass
            assert ping["heads"] == {user: {"epoch": user, "head": 7}}
            await http.post("/events/task-updates", json={"data": task_event(user, 8)})
            assert (await receive_type(client, "task_update"))["seq"] == 8
        # The backend is gone: the pings go on without heads (WS2).
        while "heads" in await receive_type(client, "ping"):
            pass
        process.send_signal(signal.SIGTERM)
        code, messages = await close_code(client)
        assert (code, messages[-1]["type"]) == (1012, "reconnect")
        lines, log = await asyncio.wait_for(process.communicate(), 5)
        assert process.returncode == 0
        audit = [orjson.loads(line)["event"] for line in lines.splitlines()]
        assert audit == ["connect", "subscribe", "disconnect", "deliveries"]
        assert token.encode() not in lines
        assert b"Traceback" not in log
        assert b"ERROR" not in log
        assert token.encode() not in log


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [("PORT", "taken", "cannot listen on 127.0.0.1:"), ("HEARTBEAT_INTERVAL", "soon", "HEARTBEAT_INTERVAL")],
)
async def test_what_cannot_start_says_so_in_one_line(setting: str, value: str, said: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port: int = taken.getsockname()[1]
        async with program(port, **({} if setting == "PORT" else {setting: value})) as process:
            _, log = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 1
    assert said in log.decode()
    assert log.count(b"\n") == 1
