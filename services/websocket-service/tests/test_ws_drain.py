"""How the service goes down (WS9)."""

import asyncio
import time
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus

from tandem_testing.sockets import close_code, connect_with, socket_server, task_event


async def test_clients_are_told_when_to_come_back_and_closed_with_1012_ws9() -> None:
    user = str(uuid4())
    async with socket_server(drain_spread=3.0, heartbeat_interval=3600) as server:
        clients = [await connect_with(server.url(user), server.mint.token(user, str(uuid4()))) for _ in range(20)]
        await server.status(connections=20)
        endings = [asyncio.create_task(close_code(client)) for client in clients]
        await server.publish(task_event(user))
        began = time.monotonic()
        await server.service.drain()
        assert time.monotonic() - began < 1.5
        delays: list[int] = []
        for ending in endings:
            code, messages = await ending
            assert code == 1012
            assert [message["type"] for message in messages] == ["hello", "task_update", "reconnect"]
            delays.append(messages[-1]["after_ms"])
        assert all(0 <= delay <= 3000 for delay in delays)
        assert max(delays) - min(delays) > 300
        assert (await server.status())["status"] == "draining"
        assert server.service.not_ready() == ["the service is going down"]
        with pytest.raises(InvalidStatus) as refused:
            await connect_with(server.url(user), server.mint.token(user, str(uuid4())))
        assert refused.value.response.status_code == 503


async def test_the_signal_drains_ws9() -> None:
    user = str(uuid4())
    async with socket_server(heartbeat_interval=3600) as server:
        client = await connect_with(server.url(user), server.mint.token(user, str(uuid4())))
        await server.status(connections=1)
    code, messages = await close_code(client)
    assert (code, messages[-1]["type"]) == (1012, "reconnect")
