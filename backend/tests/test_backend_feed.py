"""The change feed on both databases: the FD rules and the server's part of CL3."""

import asyncio
import base64
import json
from typing import Any

import pytest

from tandem_backend.storage import spaces, tombstones
from tandem_protocol.events import TaskEvent
from tandem_protocol.feed import Changes
from tandem_protocol.tasks import TaskList
from tandem_testing.backend import BackendHarness, Device
from tandem_testing.feed_reader import FeedReader


async def pull(device: Device, reader: FeedReader, limit: int | None = None) -> None:
    while reader.take(await device.changes(reader.cursor, limit)):
        pass


async def listed(device: Device) -> dict[str, dict[str, Any]]:
    return {task["id"]: task for task in (await device.tasks())["tasks"]}


async def purge(server: BackendHarness) -> None:
    before = int(server.clock.now * 1000) + 1
    await server.backend.context.database.write(lambda connection: tombstones.purge(connection, before, 1000))


async def rotate(server: BackendHarness) -> None:
    new_id = server.backend.context.new_id
    await server.backend.context.database.write(lambda connection: spaces.rotate_epochs(connection, new_id))


def of_inbox(page: dict[str, Any], task: dict[str, Any]) -> dict[str, Any]:
    return next(space for space in page["spaces"] if space["id"] == task["space"])


async def test_fd1_each_changed_task_once_in_its_latest_state(server: BackendHarness) -> None:
    ada = await server.register()
    kept, gone, untouched = [await ada.made(title=name) for name in ("kept", "gone", "untouched")]
    cursor = (await ada.tasks())["cursor"]
    await ada.patch(kept["id"], title="once")
    latest = (await ada.patch(kept["id"], title="twice")).json()
    await ada.delete(gone["id"])
    page = await ada.changes(cursor)
    Changes.model_validate(page)
    space = of_inbox(page, untouched)
    assert (space["tasks"], space["deleted"]) == ([latest], [gone["id"]])
    assert (space["head"], space["through"], space["reset"], page["more"]) == (6, 6, False, False)
    after = of_inbox(await ada.changes(page["cursor"]), kept)
    assert (after["tasks"], after["deleted"], after["through"]) == ([], [], 6)


async def test_fd2_cursor_of_the_list_stands_where_the_list_does(server: BackendHarness) -> None:
    """FD2: whatever is written while a list is read is either in it or behind its cursor."""
    ada = await server.register()

    async def read_and_fold() -> None:
        found = await ada.tasks()
        TaskList.model_validate(found)
        reader = FeedReader()
        reader.cursor = found["cursor"]
        held = {task["id"]: task for task in found["tasks"]}
        for task in held.values():
            reader.copy.setdefault(task["space"], {})[task["id"]] = task
        readers.append(reader)

    readers: list[FeedReader] = []
    await asyncio.gather(*(ada.made(title=f"{n}") if n % 3 else read_and_fold() for n in range(60)))
    for reader in readers:
        await pull(ada, reader)
        assert reader.resets == 0
        assert reader.tasks() == await listed(ada)


async def test_fd2_pages_read_while_others_write_lose_nothing(server: BackendHarness) -> None:
    ada = await server.register()
    writing = True

    async def write(number: int) -> None:
        task = await ada.made(title=f"{number}")
        await ada.patch(task["id"], title="changed")
        if number % 2:
            await ada.delete(task["id"])
        if number % 4 == 1:
            await ada.post(task["id"], "restore")

    async def read(limit: int) -> FeedReader:
        reader = FeedReader()
        while writing:
            await pull(ada, reader, limit)
        await pull(ada, reader, limit)
        return reader

    readers = [asyncio.create_task(read(limit)) for limit in (1, 3, 1000)]
    await asyncio.gather(*(write(number) for number in range(24)))
    writing = False
    expected = await listed(ada)
    assert len(expected) == 18
    for reader in await asyncio.gather(*readers):
        assert reader.tasks() == expected


@pytest.mark.parametrize("limit", [1, 2, 5, 7, 100])
async def test_fd2_pages_hold_no_more_than_the_limit(server: BackendHarness, limit: int) -> None:
    ada = await server.register()
    tasks = [await ada.made(title=f"{number}") for number in range(7)]
    reader, throughs = FeedReader(), list[int]()
    while True:
        page = await ada.changes(reader.cursor, limit)
        assert sum(len(space["tasks"]) + len(space["deleted"]) for space in page["spaces"]) <= limit
        throughs += [space["through"] for space in page["spaces"] if space["id"] == tasks[0]["space"]]
        if not reader.take(page):
            break
    assert throughs == sorted(throughs)
    assert throughs[-1] == 7
    assert len(page["spaces"]) == 2, "the last page names every space"
    assert reader.tasks() == await listed(ada)
    assert reader.resets == 2


async def test_fd3_without_a_cursor_everything_is_sent(server: BackendHarness) -> None:
    ada = await server.register()
    kept, gone = await ada.made(), await ada.made()
    await ada.delete(gone["id"])
    page = await ada.changes()
    assert all(space["reset"] for space in page["spaces"])
    assert (of_inbox(page, kept)["tasks"], of_inbox(page, kept)["deleted"]) == ([kept], [])


def changed(cursor: str, space: str, **parts: Any) -> str:
    """Return a cursor that another server might have made."""
    raw = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    epoch, seq, floor = raw.pop(space)
    entry = {"epoch": epoch, "seq": seq, "floor": floor, **parts}
    if not parts.get("missing"):
        raw[space] = [entry["epoch"], entry["seq"], entry["floor"]]
    return base64.urlsafe_b64encode(json.dumps(raw).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "parts",
    [
        {"epoch": "0193e2a4-0000-7000-8000-000000000000"},
        {"seq": 3, "floor": 3},
        {"seq": 2**62, "floor": 2**62},
        {"missing": True},
    ],
    ids=["another epoch", "one ahead", "far ahead", "unknown space"],
)
async def test_fd3_cursor_of_another_history_resets(server: BackendHarness, parts: dict[str, Any]) -> None:
    """F22: the database was restored from a backup, and the client is ahead of it."""
    ada = await server.register()
    first, second = await ada.made(), await ada.made()
    cursor = changed((await ada.tasks())["cursor"], first["space"], **parts)
    page = await ada.changes(cursor)
    space = of_inbox(page, first)
    assert (space["reset"], space["tasks"], space["through"]) == (True, [first, second], 2)
    assert sorted(space["reset"] for space in page["spaces"]) == [False, True], "the other space goes on"
    assert not any(space["reset"] for space in (await ada.changes(page["cursor"]))["spaces"])


async def test_sp5_rotated_epoch_resets_every_reader(server: BackendHarness) -> None:
    ada = await server.register()
    task = await ada.made()
    cursor = (await ada.tasks())["cursor"]
    before = of_inbox(await ada.changes(cursor), task)["epoch"]
    await rotate(server)
    space = of_inbox(await ada.changes(cursor), task)
    assert (space["reset"], space["tasks"]) == (True, [task])
    assert space["epoch"] != before
    await ada.patch(task["id"], title="x")
    assert (await server.events())[-1]["epoch"] == space["epoch"]


async def test_fd3_cursor_below_min_seq_resets_and_the_deleted_stays_away(server: BackendHarness) -> None:
    """F8: the device was away while a tombstone was purged."""
    ada = await server.register()
    kept, gone = await ada.made(title="kept"), await ada.made(title="gone")
    away, present = FeedReader(), FeedReader()
    await pull(ada, away)
    await ada.delete(gone["id"])
    await pull(ada, present)
    await purge(server)
    await pull(ada, away)
    await pull(ada, present)
    assert list(away.tasks()) == list(present.tasks()) == [kept["id"]]
    assert (away.resets, present.resets) == (3, 2), "who had seen the deletion goes on"


async def test_fd3_purge_while_a_reset_is_being_paged(server: BackendHarness) -> None:
    """What was deleted before the reading began does not break it; what was deleted since does."""
    ada = await server.register()
    tasks = [await ada.made(title=f"{number}") for number in range(6)]
    await ada.delete(tasks[5]["id"])
    reader = FeedReader()
    assert reader.take(await ada.changes(limit=2))
    await purge(server)
    await pull(ada, reader, 2)
    assert reader.resets == 2
    assert reader.tasks() == await listed(ada)

    reader = FeedReader()
    while tasks[0]["id"] not in reader.tasks():
        assert reader.take(await ada.changes(reader.cursor, limit=2))
    await ada.delete(tasks[0]["id"])
    await purge(server)
    await pull(ada, reader, 2)
    assert reader.resets == 3
    assert reader.tasks() == await listed(ada)


@pytest.mark.parametrize("cursor", ["", "?", "x" * 60_000, "e30=e30", "bnVsbA", "W10", "eyJhIjpbXX0"])
async def test_fd5_unreadable_cursor_is_refused(sqlite_server: BackendHarness, cursor: str) -> None:
    ada = await sqlite_server.register()
    reply = await ada.call("GET", "changes", params={"cursor": cursor})
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("limit", ["0", "-1", "10001", "x", "9" * 30])
async def test_wr8_limit_out_of_range_is_refused(sqlite_server: BackendHarness, limit: str) -> None:
    ada = await sqlite_server.register()
    reply = await ada.call("GET", "changes", params={"limit": limit})
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_request")


async def test_fd6_space_that_is_no_longer_seen_is_not_named(server: BackendHarness) -> None:
    """F16: a cursor that names somebody else's space opens nothing."""
    ada, bob = await server.register(), await server.register("bob@example.com")
    task = await ada.made()
    await bob.made()
    stolen = (await ada.tasks())["cursor"]
    page = await bob.changes(stolen)
    assert task["space"] not in {space["id"] for space in page["spaces"]}
    assert all(found["user_id"] == bob.user_id for space in page["spaces"] for found in space["tasks"])
    assert all(space["reset"] for space in page["spaces"])


async def test_cl3_event_says_the_same_as_the_feed(server: BackendHarness) -> None:
    """The payload of an event and the feed's task of the same seq are the same document."""
    ada = await server.register()
    task = await ada.made(title="x", due={"kind": "instant", "at": "2026-02-28T09:00:00.123Z", "zone": "Asia/Tokyo"})
    changes = [
        lambda: ada.patch(task["id"], description="d", due={"kind": "day", "date": "2026-03-01"}),
        lambda: ada.post(task["id"], "complete"),
        lambda: ada.patch(task["id"], completed=False, due=None),
        lambda: ada.delete(task["id"]),
        lambda: ada.post(task["id"], "restore"),
    ]
    seen = {task["seq"]: task}
    cursor = (await ada.tasks())["cursor"]
    for change in changes:
        server.clock.move(1)
        await change()
        page = await ada.changes(cursor)
        cursor = page["cursor"]
        space = of_inbox(page, task)
        for found in space["tasks"]:
            seen[space["through"]] = found
        if space["deleted"]:
            assert (await server.events())[-1]["event_type"] == "task.deleted"
    for event in await server.events():
        parsed = TaskEvent.model_validate(event)
        assert (event["seq"], event["space"]) == (event["task"]["seq"], event["task"]["space"])
        assert parsed.epoch == of_inbox(await ada.changes(), task)["epoch"]
        if event["event_type"] != "task.deleted":
            assert event["task"] == seen[event["seq"]]
    assert len(seen) == 5
