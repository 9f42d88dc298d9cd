"""F23: a client that does not read holds nobody up, in the whole program (WS7)."""

import asyncio
import base64
import os
import socket
from collections.abc import Callable

from tandem_testing.backend import Device
from tandem_testing.client import fetch, following
from tandem_testing.server import WAIT_SECONDS, TandemServer

WRITES, SIZE = 400, 20_000
"""8 MB in all: more than the kernel and the buffer take."""


async def connect_without_reading(device: Device, deaf: socket.socket, port: int) -> None:
    loop = asyncio.get_running_loop()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)  # noqa: FBT003
    await loop.sock_connect(deaf, ("127.0.0.1", port))
    await loop.sock_sendall(
        deaf,
        f"GET /ws/{device.user_id}?token={device.token} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode(),
    )
    assert b" 101 " in await loop.sock_recv(deaf, 100)


async def test_client_that_does_not_read_stalls_nobody_f23_ws7(tandem: Callable[..., TandemServer]) -> None:
    server = tandem(HEARTBEAT_INTERVAL="3600", TANDEM_SEND_BUFFER_BYTES="262144").start()
    ada, other, third = await server.register(), await server.login(), await server.login()
    with socket.socket() as deaf:
        await connect_without_reading(third, deaf, server.port)
        async with following(other) as client:
            task = await ada.made()
            for number in range(WRITES):
                reply = await ada.patch(task["id"], description=f"{number}".ljust(SIZE, "x"))
                assert reply.status_code == 200
            await client.shows(await fetch(ada))
            events = [message["seq"] for message in client.messages if message["type"] == "task_update"]
            assert events == list(range(1, WRITES + 2)), "pushed, every one"
            assert client.pulls == 1
            assert client.closes == []
            async with asyncio.timeout(WAIT_SECONDS):
                while "tandem_websocket_slow_consumers_total 1.0" not in (await ada.call("GET", "/metrics")).text:
                    pass
