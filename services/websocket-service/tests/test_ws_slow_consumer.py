"""A client that does not read (F23): closed, bounded in memory, and felt by nobody else (WS7)."""

import asyncio
import base64
import os
import resource
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tandem_testing.sockets import PATIENCE, SocketServer, close_code, receive, receive_type, socket_server, task_event


@contextmanager
def raw_socket() -> Generator[socket.socket]:
    """Connect by hand, with a small receive buffer."""
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)  # noqa: FBT003
        yield raw


async def shake_hands(raw: socket.socket, server: SocketServer, user: str) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", server.port))
    key = base64.b64encode(os.urandom(16)).decode()
    token = server.mint.token(user, str(uuid4()))
    await loop.sock_sendall(
        raw,
        f"GET /ws/{user}?token={token} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode(),
    )
    assert b" 101 " in await loop.sock_recv(raw, 100)


async def test_a_client_that_never_reads_stalls_nobody_f23_ws7() -> None:
    user, bound, size, count = str(uuid4()), 256 * 1024, 20_000, 600
    async with socket_server(send_buffer_bytes=bound, heartbeat_interval=3600) as server:
        with raw_socket() as deaf:
            await shake_hands(deaf, server, user)
            async with server.client(user) as first, server.client(user) as second:
                await server.status(connections=3)
                worst = 0.0
                for seq in range(1, count + 1):
                    began = time.monotonic()
                    await server.publish(task_event(user, seq, description="x" * size))
                    for client in (first, second):
                        assert (await receive(client))["seq"] == seq
                    worst = max(worst, time.monotonic() - began)
                assert worst < 2.0
                # 12 MB were sent; what the kernel and the bound hold is less, so it was closed long ago.
                assert server.metric("slow_consumers_total") == 1
                assert server.metric("closes_total", code="4001") == 1
                await server.status(connections=2)
                await _dropped(deaf)


async def _dropped(raw: socket.socket) -> None:
    """Wait until the server has let go of a connection that it could not close politely."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE):
        # Sending does not read: the reset is what it learns.
        try:
            while True:
                await loop.sock_sendall(raw, b"\x8a\x80\x00\x00\x00\x00")
                await asyncio.sleep(0)
        except (BrokenPipeError, ConnectionResetError):
            return


async def test_a_slow_client_that_reads_on_learns_why_ws7() -> None:
    user = str(uuid4())
    async with socket_server(send_buffer_bytes=64 * 1024, heartbeat_interval=3600) as server:
        async with server.client(user) as slow:
            # More in one turn of the loop than the bound: nothing could be written meanwhile.
            await server.publish(*(task_event(user, seq, description="x" * 20_000) for seq in range(1, 10)))
            code, _ = await close_code(slow)
            assert code == 4001
        async with server.client(user) as again:
            await server.publish(task_event(user, 10))
            assert (await receive_type(again, "task_update"))["seq"] == 10


async def test_pings_of_a_client_that_does_not_read_pile_up_no_pongs_ws7(server: SocketServer) -> None:
    user = str(uuid4())
    # More than the kernel's buffers of both directions hold.
    pings = (b"\x89\xfd\x00\x00\x00\x00" + b"x" * 125) * 250_000
    with raw_socket() as deaf:
        await shake_hands(deaf, server, user)
        before = _resident_bytes()
        await asyncio.wait_for(asyncio.get_running_loop().sock_sendall(deaf, pings), 60)
        async with server.client(user) as other:
            await server.publish(task_event(user))
            assert (await receive(other))["type"] == "task_update"
        assert _resident_bytes() - before < 12 * 1024 * 1024


async def test_a_client_that_closes_but_does_not_read_is_dropped_ws7() -> None:
    async with socket_server(send_buffer_bytes=64 * 1024 * 1024, heartbeat_interval=3600) as server:
        with raw_socket() as deaf:
            await _say_goodbye_without_reading(deaf, server)
            await _dropped(deaf)


async def test_a_client_that_closes_but_does_not_read_holds_up_no_shutdown_ws9() -> None:
    with raw_socket() as deaf:
        async with socket_server(send_buffer_bytes=64 * 1024 * 1024, heartbeat_interval=3600) as server:
            await _say_goodbye_without_reading(deaf, server)
            began = time.monotonic()
        assert time.monotonic() - began < 5


async def _say_goodbye_without_reading(deaf: socket.socket, server: SocketServer) -> None:
    user = str(uuid4())
    await shake_hands(deaf, server, user)
    await server.status(connections=1)
    for seq in range(600):
        await server.publish(task_event(user, seq, description="x" * 20_000))
        await asyncio.sleep(0)  # Lets the service write, until the kernel takes no more.
    await asyncio.get_running_loop().sock_sendall(deaf, b"\x88\x80\x00\x00\x00\x00")
    await server.status(connections=0)


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()
