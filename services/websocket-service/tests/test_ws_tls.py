"""wss by the service itself: a client that does not read is bounded and dropped as without TLS (F23)."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tandem_testing.certificates import Authority
from tandem_testing.sockets import PATIENCE, SocketServer, connect_with, receive, socket_server, task_event


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@contextlib.asynccontextmanager
async def secured(authority: Authority, **settings: Any) -> AsyncGenerator[SocketServer]:
    files = authority.issue("server")
    async with socket_server(tls_certificate=files.certificate, tls_key=files.key, **settings) as server:
        yield server


async def deaf_client(
    server: SocketServer, trust: ssl.SSLContext, user: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Shake hands by hand, and read no more than the little that the reader takes by itself."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", server.port, ssl=trust, server_hostname="localhost", limit=1024
    )
    token = server.mint.token(user, str(uuid4()))
    writer.write(
        f"GET /ws/{user}?token={token} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert b" 101 " in await reader.readuntil(b"\r\n")
    return reader, writer


async def until_connected(server: SocketServer, trust: ssl.SSLContext, count: int) -> None:
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient(verify=trust) as http:
        while (await http.get(f"https://localhost:{server.port}/status")).json()["connections"] != count:
            pass


async def test_a_client_that_never_reads_stalls_nobody_f23_ws7(authority: Authority) -> None:
    user, count = str(uuid4()), 600
    async with secured(authority, send_buffer_bytes=256 * 1024, heartbeat_interval=3600) as server:
        _reader, deaf = await deaf_client(server, authority.trust, user)
        url, token = f"wss://localhost:{server.port}/ws/{user}", server.mint.token(user, str(uuid4()))
        async with connect_with(url, token, ssl=authority.trust) as reading:
            assert (await receive(reading))["type"] == "hello"
            await until_connected(server, authority.trust, 2)
            for seq in range(1, count + 1):
                await server.publish(task_event(user, seq, description="x" * 20_000))
                assert (await receive(reading))["seq"] == seq
            assert server.metric("slow_consumers_total") == 1
            await until_connected(server, authority.trust, 1)
        deaf.transport.abort()


async def test_a_client_that_never_reads_holds_up_no_shutdown_ws9(authority: Authority) -> None:
    user = str(uuid4())
    async with secured(authority, send_buffer_bytes=64 * 1024 * 1024, heartbeat_interval=3600) as server:
        _reader, deaf = await deaf_client(server, authority.trust, user)
        await until_connected(server, authority.trust, 1)
        for seq in range(600):
            await server.publish(task_event(user, seq, description="x" * 20_000))
            await asyncio.sleep(0)  # Lets the service write, until the kernel takes no more.
        began = time.monotonic()
    assert time.monotonic() - began < 5
    deaf.transport.abort()


async def test_what_is_no_tls_is_dropped_without_a_word_in_the_log(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async with secured(authority) as server:
        async with httpx.AsyncClient(trust_env=False) as http:
            with pytest.raises(httpx.TransportError):
                await http.get(f"{server.http}/health")
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection("127.0.0.1", server.port, ssl=ssl.create_default_context())
        await until_connected(server, authority.trust, 0)
    assert [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}] == []
