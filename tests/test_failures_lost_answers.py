"""F6: the reply to a create is lost on the way, and the client asks again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import httpx
import pytest

from tandem_testing.backend import Device
from tandem_testing.client import fetch
from tandem_testing.server import WAIT_SECONDS, TandemServer


class CuttingProxy:
    """Passes bytes on; while ``cuts`` is set, it hangs up instead of passing on what the server answers."""

    def __init__(self, target: int) -> None:
        self.cuts = False
        self.lost = 0
        self._target = target
        self._serving: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(serving)

    async def all_ended(self) -> None:
        await asyncio.gather(*self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, requests = await asyncio.open_connection("127.0.0.1", self._target)
        sending = asyncio.create_task(_pass_on(reader, requests))
        with suppress(ConnectionError):
            while data := await answers.read(65536):
                if self.cuts:
                    self.lost += 1
                    break
                writer.write(data)
                await writer.drain()
        writer.close()
        await sending


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def behind_proxy(server: TandemServer, device: Device) -> AsyncGenerator[tuple[CuttingProxy, Device]]:
    """Yield a proxy, and the device as it speaks through it."""
    proxy = CuttingProxy(server.port)
    listener = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        async with httpx.AsyncClient(base_url=url, timeout=WAIT_SECONDS, trust_env=False) as client:
            user = {"user": {"id": device.user_id}, "session_id": device.session_id, "access_token": device.token}
            yield proxy, Device(client, user)
    finally:
        listener.close()
        await proxy.all_ended()


@pytest.mark.parametrize("keyed", [True, False], ids=["key", "id_alone"])
async def test_lost_reply_to_a_create_makes_no_second_task_f6_wr4(running: TandemServer, keyed: bool) -> None:  # noqa: FBT001
    ada = await running.register()
    key = str(uuid4()) if keyed else None
    body = {"title": "once"} if keyed else {"title": "once", "id": str(uuid4())}
    async with behind_proxy(running, ada) as (proxy, device):
        proxy.cuts = True
        for _ in range(3):
            with pytest.raises(httpx.RemoteProtocolError):
                await device.call("POST", "tasks", key, json=body)
        assert proxy.lost == 3
        proxy.cuts = False
        again = await device.call("POST", "tasks", key, json=body)
    tasks = await fetch(ada)
    assert [task["title"] for task in tasks.values()] == ["once"]
    if keyed:
        assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
        assert again.json() == next(iter(tasks.values()))
    else:
        # CL10: the client knows from this code that an earlier try succeeded.
        assert (again.status_code, again.json()["code"]) == (409, "task_exists")


async def test_repetitions_at_once_do_it_once_f6_wr4(running: TandemServer) -> None:
    ada = await running.register()
    replies = await asyncio.gather(*(ada.create("same-key", title="once") for _ in range(20)))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.content for reply in replies}) == 1
    assert sum("idempotency-replayed" not in reply.headers for reply in replies) == 1
    assert len(await fetch(ada)) == 1


async def test_key_survives_a_kill_f6_wr4(running: TandemServer) -> None:
    ada = await running.register()
    first = await ada.create("key", title="once")
    await asyncio.to_thread(running.restart)
    again = await ada.create("key", title="once")
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert len(await fetch(ada)) == 1
    other = await ada.create("key", title="something else")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
