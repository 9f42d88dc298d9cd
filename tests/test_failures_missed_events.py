"""Events that did not come: the socket was down (F11), the last one was lost (F21), the process died (F24)."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from tandem_testing.backend import Device
from tandem_testing.client import Message, SyncClient, fetch, following
from tandem_testing.server import TandemServer

QUIET = "3600"
"""A heartbeat so slow that it heals nothing during a test."""


def is_event(message: Message) -> bool:
    return message["type"] == "task_update"


def is_odd_event(message: Message) -> bool:
    return is_event(message) and message["seq"] % 2 == 1


async def write_everything(device: Device, count: int = 10) -> None:
    """Make tasks, and change, complete and delete some of them."""
    for number in range(count):
        task = await device.made(title=f"task {number}")
        if number % 2:
            await device.patch(task["id"], title="changed")
        if number % 3 == 1:
            await device.post(task["id"], "complete")
        if number % 5 == 4:
            await device.delete(task["id"])


async def test_what_happened_while_the_server_was_down_and_back_f11_cl4(tandem: Callable[..., TandemServer]) -> None:
    server = tandem(HEARTBEAT_INTERVAL=QUIET).start()
    ada, other = await server.register(), await server.login()
    async with following(other) as client:
        await write_everything(ada)
        await client.shows(await fetch(ada))
        await asyncio.to_thread(server.kill)
        await client.until(lambda: len(client.closes) == 1)
        await asyncio.to_thread(server.start)
        await write_everything(ada)
        await client.shows(await fetch(ada))
        assert client.resets == 2, "the first pull of each of the two spaces, and none since"


async def test_what_happened_while_the_client_was_away_f11_fd1(running: TandemServer) -> None:
    ada, other = await running.register(), await running.login()
    client = SyncClient(other)
    await client.pull()
    for _ in range(3):
        await write_everything(ada)
        assert client.tasks != await fetch(ada)
        await client.pull()
        assert client.tasks == await fetch(ada)


async def test_last_event_is_lost_and_the_heads_of_a_ping_heal_it_f21_cl5(tandem: Callable[..., TandemServer]) -> None:
    server = tandem(HEARTBEAT_INTERVAL="1").start()
    ada, other = await server.register(), await server.login()
    lost: list[Message] = []

    def loses(message: Message) -> bool:
        if message["type"] == "task_update" and message["task"]["title"] == "the last":
            lost.append(message)
        return message in lost

    async with following(other, loses=loses) as client:
        await ada.made(title="the first")
        await client.until(lambda: len(client.tasks) == 1)
        pulls = client.pulls
        last = await ada.made(title="the last")
        await client.shows(await fetch(ada))
        assert last["id"] in client.tasks
        assert len(lost) == 1
        assert client.pulls > pulls


async def test_all_events_are_lost_f21_cl5(tandem: Callable[..., TandemServer]) -> None:
    server = tandem(HEARTBEAT_INTERVAL="0.5").start()
    ada, other = await server.register(), await server.login()
    async with following(other, loses=is_event) as client:
        await write_everything(ada)
        await client.shows(await fetch(ada))


async def test_event_in_between_is_lost_and_the_gap_is_pulled_f21_cl2(tandem: Callable[..., TandemServer]) -> None:
    server = tandem(HEARTBEAT_INTERVAL=QUIET).start()
    ada, other = await server.register(), await server.login()
    async with following(other, loses=is_odd_event) as client:
        for _ in range(4):
            await ada.made()
        await client.shows(await fetch(ada))


async def test_killed_at_the_answer_and_every_event_comes_f24_ev1(tandem: Callable[..., TandemServer]) -> None:
    """The kill comes as soon as the answer is there: before, while or after the relay published."""
    server = tandem(HEARTBEAT_INTERVAL="0.5").start()
    ada, other = await server.register(), await server.login()
    async with following(other) as client:
        for number in range(5):
            reply = await ada.create(title=f"task {number}")
            server.kill()
            assert reply.status_code == 201
            await asyncio.to_thread(server.start)
            await client.shows(await fetch(ada))


def outbox(database: Path) -> list[tuple[int, bytes]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT id, event FROM outbox ORDER BY id").fetchall()


@pytest.mark.parametrize("count", [1, 1000])
async def test_outbox_of_a_dead_process_is_published_by_its_successor_f24_ev3(
    tandem: Callable[..., TandemServer], count: int
) -> None:
    """The database as a process leaves it that dies between the commit and the publish, with a client to hear it."""
    server = tandem(HEARTBEAT_INTERVAL=QUIET).start()
    ada = await server.register()
    task = await ada.made(title="committed")
    space, user = task["space"], ada.user_id
    server.kill()
    database = server.data / "tandem.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        ((epoch, head),) = connection.execute("SELECT epoch, head FROM spaces WHERE id = ?", (space,)).fetchall()
        rows = connection.execute("SELECT event FROM outbox").fetchall()
        assert len(rows) <= 1
        connection.execute("DELETE FROM outbox")
        for seq in range(1, count + 1):
            event = {
                "event_type": "task.updated",
                "event_id": str(uuid4()),
                "user_id": user,
                "task": {**task, "seq": head + seq},
                "space": space,
                "epoch": epoch,
                "seq": head + seq,
                "timestamp": task["updated_at"],
                "actor": {"user_id": user, "name": "ada", "device_id": ada.session_id, "device": "test"},
                "mutation": str(uuid4()),
                "audience": [user],
            }
            connection.execute("INSERT INTO outbox (event) VALUES (?)", (orjson.dumps(event),))
    async with server.http() as http:
        server.start()
        metric = f"tandem_events_published_total {float(count)}\n"
        deadline = time.monotonic() + 30
        while metric not in (await http.get("/metrics")).text:
            assert time.monotonic() < deadline
    assert server.stop() == 0
    assert outbox(database) == [], "what was published is removed"


async def test_events_of_writes_at_once_arrive_in_their_order_ev2(running: TandemServer) -> None:
    ada, other = await running.register(), await running.login()
    async with following(other) as client:
        await asyncio.gather(*(ada.made(title=f"task {number}") for number in range(100)))
        await client.shows(await fetch(ada))
        places = [message["seq"] for message in client.messages if message["type"] == "task_update"]
        assert places == list(range(1, 101))
