"""The published Python client against the whole program (`packages/client`)."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from tandem_client import (
    Options,
    Pace,
    Phase,
    RefusedError,
    SessionEndedError,
    Tandem,
    TaskEventType,
    UnavailableError,
    UnsentError,
)
from tandem_testing.backend import PASSWORD
from tandem_testing.client import fetch
from tandem_testing.server import WAIT_SECONDS, TandemServer

HURRIED = Options(trust_env=False, pace=Pace(backoff=(0.1,), closing=0.5))
EMAIL = "ada@example.com"


def register(server: TandemServer) -> Tandem:
    return Tandem.register(server.url, email=EMAIL, password=PASSWORD, name="Ada", options=HURRIED)


def connect(server: TandemServer) -> Tandem:
    return Tandem.connect(server.url, email=EMAIL, password=PASSWORD, options=HURRIED)


async def test_two_clients_see_each_other(running: TandemServer) -> None:
    async with register(running) as ada, connect(running) as other:
        assert (ada.user.name, ada.user.email) == ("Ada", EMAIL)
        theirs, own = other.changes(), ada.changes()
        task = await ada.add("Buy milk", description="two litres")
        seen = await anext(theirs)
        assert (seen.kind, seen.task, seen.own) == (TaskEventType.CREATED, task, False)
        assert seen.actor is not None
        assert seen.actor.name == "Ada"
        assert (await anext(own)).own
        write = ada.patch(task.id, title="Buy oat milk", completed=True)
        assert ada.tasks[task.id].title == "Buy oat milk", "shown at once"
        assert ada.confirmed[task.id].title == "Buy milk", "until the server has said so"
        changed = await write
        assert (await anext(theirs)).task == changed
        await ada.delete(task.id)
        assert (await anext(theirs)).kind is TaskEventType.DELETED
        await other.restore(task.id)
        await asyncio.gather(ada.synced(), other.synced())
        assert list(ada.tasks) == list(other.tasks) == [task.id]
        assert ada.heads == other.heads
        assert ada.status.phase is Phase.LIVE


async def test_refused_for_good_and_never_sent(running: TandemServer) -> None:
    async with register(running) as ada:
        task = await ada.add("once")
        await ada.delete(task.id)
        with pytest.raises(RefusedError) as refused:
            await ada.patch(task.id, title="twice")
        assert refused.value.code == "task_deleted"
        assert [each.task_id for each in ada.set_aside] == [task.id]
        for title in ("", "a" * 501, "two\nlines"):
            with pytest.raises(ValueError, match="title"):
                ada.patch(task.id, title=title)
        with pytest.raises(ValueError, match="no field"):
            ada.patch(task.id)


async def test_edits_survive_kills_of_the_server_cl8_wr4(tandem: Callable[..., TandemServer]) -> None:
    server = tandem(HEARTBEAT_INTERVAL="0.5").start()
    device = await server.register()
    async with connect(server) as ada, connect(server) as other:
        for _ in range(3):
            writes = [ada.add(f"task {number}") for number in range(20)]
            writes += [ada.patch(write.task_id, completed=True) for write in writes]
            await writes[5]
            await asyncio.to_thread(server.kill)
            writes.append(ada.add("made without a server"))
            assert "made without a server" in {task.title for task in ada.tasks.values()}
            await other.until(lambda: other.status.phase is Phase.WAITING)
            await asyncio.to_thread(server.start)
            async with asyncio.timeout(WAIT_SECONDS):
                await asyncio.gather(*writes)
        async with asyncio.timeout(WAIT_SECONDS):
            await asyncio.gather(ada.synced(), other.synced())
        expected = await fetch(device)
        assert len(expected) == 63
        for client in (ada, other):
            assert {key: task.model_dump(mode="json") for key, task in client.tasks.items()} == expected


async def test_session_ended_elsewhere_cl15_au5(running: TandemServer) -> None:
    async with AsyncExitStack() as stack:
        ada = await stack.enter_async_context(register(running))
        changes = ada.changes()
        device = await running.login()
        assert (await device.call("POST", "/api/auth/logout-all")).is_success
        with pytest.raises(SessionEndedError):
            await anext(changes)
        with pytest.raises(SessionEndedError):
            await ada.synced()
        with pytest.raises(SessionEndedError):
            ada.add("nobody listens")


async def test_leaving_signs_out_and_tells_what_was_not_sent(tandem: Callable[..., TandemServer]) -> None:
    server = tandem().start()
    device = await server.register()
    async with connect(server) as ada:
        ada.add("sent while leaving")
    assert [task["title"] for task in (await fetch(device)).values()] == ["sent while leaving"]
    sessions = (await device.call("GET", "/api/auth/sessions")).json()["sessions"]
    assert [session["current"] for session in sessions] == [True]
    async with AsyncExitStack() as stack:
        ada = await stack.enter_async_context(connect(server))
        await asyncio.to_thread(server.kill)
        lost = ada.add("never sent")
        with pytest.raises(UnsentError) as unsent:
            await stack.aclose()
    assert unsent.value.task_ids == (lost.task_id,)


async def test_who_is_not_let_in(tandem: Callable[..., TandemServer]) -> None:
    server = tandem().start()
    with pytest.raises(RefusedError) as refused:
        async with connect(server):
            pass
    assert refused.value.code == "invalid_credentials"
    server.kill()
    with pytest.raises(UnavailableError):
        async with connect(server):
            pass
