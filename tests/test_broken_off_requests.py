"""Clients that hang up in the middle of a request: no write is done, and the log says nothing of it."""

import asyncio

import pytest

from tandem_testing.client import fetch
from tandem_testing.server import TandemServer


@pytest.mark.parametrize("path", ["/api/{user}/tasks", "/api/auth/login"])
async def test_client_hangs_up_in_the_body(running: TandemServer, path: str) -> None:
    ada = await running.register()
    head = (
        f"POST {path.format(user=ada.user_id)} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {ada.token}\r\n"
        'Content-Type: application/json\r\nContent-Length: 40\r\n\r\n{"title": "half'
    )
    for _ in range(5):
        _, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(head.encode())
        await writer.drain()
        # The next request on another connection is answered: the one before has been taken up.
        assert await fetch(ada) == {}
        writer.close()
        await writer.wait_closed()
    assert await fetch(ada) == {}
    assert running.stop() == 0
