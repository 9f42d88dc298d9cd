"""Tasks over HTTP on both databases: the SP, WR and EV5 rules."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tandem_backend.storage import spaces, tombstones
from tandem_protocol.ids import uuid7
from tandem_testing.backend import BackendHarness, Device, ManualClock


def new_id() -> str:
    return uuid7(1_900_000_000_000, lambda size: uuid4().bytes[:size])


async def inbox(device: Device) -> dict[str, Any]:
    spaces_of_user = (await device.changes())["spaces"]
    return next(space for space in spaces_of_user if space["tasks"] or space["head"])


async def test_sp2_each_change_takes_the_next_seq(server: BackendHarness) -> None:
    ada = await server.register()
    first = await ada.made(title="one")
    second = await ada.made(title="two")
    changed = (await ada.patch(first["id"], title="uno")).json()
    gone = (await ada.delete(second["id"])).json()
    back = (await ada.post(second["id"], "restore")).json()
    done = (await ada.post(first["id"], "complete")).json()
    assert [task["seq"] for task in (first, second, changed, gone, back, done)] == [1, 2, 3, 4, 5, 6]
    assert (await inbox(ada))["head"] == 6
    assert [event["seq"] for event in await server.events()] == [1, 2, 3, 4, 5, 6]


async def test_sp2_concurrent_writers_leave_no_gap_and_no_double(server: BackendHarness) -> None:
    ada = await server.register()
    tasks = [await ada.made(title=f"base {number}") for number in range(4)]
    replies = await asyncio.gather(
        *(ada.create(title=f"new {number}") for number in range(40)),
        *(ada.patch(tasks[number % 4]["id"], title=f"changed {number}") for number in range(40)),
    )
    assert {reply.status_code for reply in replies} == {200, 201}
    assert sorted(reply.json()["seq"] for reply in replies) == list(range(5, 85))
    events = await server.events()
    assert [event["seq"] for event in events] == list(range(1, 85)), "EV2: the outbox holds them in their order"


async def test_sp6_order_does_not_come_from_a_clock(server: BackendHarness) -> None:
    """F5: a server whose clock jumps back goes on counting."""
    ada = await server.register()
    first = await ada.made()
    server.clock.move(-60)
    second = (await ada.patch(first["id"], title="later")).json()
    assert second["seq"] == first["seq"] + 1
    assert second["updated_at"] < first["updated_at"]
    cursor = (await ada.tasks())["cursor"]
    server.clock.move(-60)
    third = (await ada.patch(first["id"], title="last")).json()
    assert [task for space in (await ada.changes(cursor))["spaces"] for task in space["tasks"]] == [third]


async def test_wr1_client_makes_the_id(server: BackendHarness) -> None:
    ada = await server.register()
    task = new_id()
    assert (await ada.made(id=task))["id"] == task
    again = await ada.create(id=task, title="another")
    assert (again.status_code, again.json()["code"]) == (409, "task_exists")
    made = await ada.made()
    assert made["id"] != task
    assert made["id"][14] == "7"


async def test_wr1_same_id_concurrently_makes_one_task(server: BackendHarness) -> None:
    """F6."""
    ada = await server.register()
    task = new_id()
    replies = await asyncio.gather(*(ada.create(id=task, title=f"{number}") for number in range(12)))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 11
    assert len((await ada.tasks())["tasks"]) == len(await server.events()) == 1


async def test_wr1_ids_of_two_users_do_not_meet(server: BackendHarness) -> None:
    """WR7: nor can one find out by it which ids another one has."""
    ada, bob = await server.register(), await server.register("bob@example.com")
    task = new_id()
    await ada.made(id=task, title="of Ada")
    assert (await bob.made(id=task, title="of Bob"))["title"] == "of Bob"
    await bob.delete(task)
    assert [found["title"] for found in (await ada.tasks())["tasks"]] == ["of Ada"]


async def test_wr2_last_writer_wins_per_field(server: BackendHarness) -> None:
    ada = await server.register()
    task = await ada.made(title="a", description="b", priority="low")
    await asyncio.gather(
        ada.patch(task["id"], title="A"), ada.patch(task["id"], description="B"), ada.patch(task["id"], priority="high")
    )
    found = (await ada.call("GET", f"tasks/{task['id']}")).json()
    assert (found["title"], found["description"], found["priority"]) == ("A", "B", "high")


async def test_wr2_null_clears_the_due_date_and_absence_keeps_it(server: BackendHarness) -> None:
    ada = await server.register()
    due = {"kind": "day", "date": "2026-02-28"}
    task = await ada.made(due=due)
    assert (await ada.patch(task["id"], title="x")).json()["due"] == due
    moment = {"kind": "instant", "at": "2026-02-28T08:00:00.000Z", "zone": "Europe/Vienna"}
    assert (await ada.patch(task["id"], due=moment)).json()["due"] == moment
    assert (await ada.patch(task["id"], due=None)).json()["due"] is None
    assert (await ada.patch(task["id"], title=None)).status_code == 422
    assert (await ada.patch(task["id"])).status_code == 422


async def test_wr3_deletion_wins_until_a_restore(server: BackendHarness) -> None:
    ada = await server.register()
    task = await ada.made(title="as it was", priority="urgent")
    first = (await ada.delete(task["id"])).json()
    for reply in (
        await ada.patch(task["id"], title="too late"),
        await ada.post(task["id"], "complete"),
        await ada.call("GET", f"tasks/{task['id']}"),
        await ada.create(id=task["id"]),
    ):
        assert (reply.status_code, reply.json()["code"]) == (410, "task_deleted")
    again = await ada.delete(task["id"])
    assert (again.status_code, again.json()) == (200, first)
    assert (await ada.tasks())["tasks"] == []
    restored = (await ada.post(task["id"], "restore")).json()
    assert restored == task | {"seq": 3, "updated_at": restored["updated_at"]}
    assert (await ada.post(task["id"], "restore")).json() == restored
    assert [event["event_type"] for event in await server.events()] == ["task.created", "task.deleted", "task.created"]


async def test_wr3_deletion_and_change_at_once(server: BackendHarness) -> None:
    ada = await server.register()
    for number in range(10):
        task = await ada.made(title=f"{number}")
        patched, deleted = await asyncio.gather(ada.patch(task["id"], title="x"), ada.delete(task["id"]))
        assert patched.status_code in {200, 410}
        assert deleted.status_code == 200
        if patched.is_success:
            assert patched.json()["seq"] < deleted.json()["seq"]
    assert (await ada.tasks())["tasks"] == []


async def test_wr5_change_of_nothing_makes_no_seq(server: BackendHarness) -> None:
    ada = await server.register()
    due = {"kind": "day", "date": "2026-02-28"}
    task = await ada.made(title="same", due=due)
    server.clock.move(5)
    same = await ada.patch(task["id"], title=" same ", due=due, completed=False, priority="medium")
    assert (same.status_code, same.json()) == (200, task)
    assert (await ada.post(task["id"], "restore")).json() == task
    done = (await ada.post(task["id"], "complete")).json()
    assert (await ada.post(task["id"], "complete")).json() == done
    assert [event["seq"] for event in await server.events()] == [1, 2]


async def test_wr5_answers_carry_space_and_seq(server: BackendHarness) -> None:
    ada = await server.register()
    task = await ada.made()
    gone = (await ada.delete(task["id"])).json()
    assert gone == {"id": task["id"], "space": task["space"], "seq": 2}


async def test_completed_at_follows_completed(server: BackendHarness) -> None:
    ada = await server.register()
    task = await ada.made()
    server.clock.move(60)
    done = (await ada.post(task["id"], "complete")).json()
    assert done["completed_at"] == done["updated_at"] > task["updated_at"]
    server.clock.move(60)
    renamed = (await ada.patch(task["id"], title="x", completed=True)).json()
    assert renamed["completed_at"] == done["completed_at"]
    assert (await ada.patch(task["id"], completed=False)).json()["completed_at"] is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"title": "x"}, "task.updated"),
        ({"completed": True}, "task.completed"),
        ({"completed": True, "title": "x"}, "task.completed"),
        ({"due": {"kind": "day", "date": "2030-01-01"}}, "task.updated"),
    ],
)
async def test_ev5_events_are_named_after_what_happened(
    server: BackendHarness, body: dict[str, Any], kind: str
) -> None:
    ada = await server.register()
    task = await ada.made()
    await ada.patch(task["id"], **body)
    assert (await server.events())[-1]["event_type"] == kind


async def test_ev5_only_the_turn_to_completed_is_a_completion(server: BackendHarness) -> None:
    ada = await server.register()
    task = await ada.made()
    await ada.post(task["id"], "complete")
    await ada.patch(task["id"], completed=True, title="x")
    await ada.patch(task["id"], completed=False)
    kinds = [event["event_type"] for event in await server.events()]
    assert kinds == ["task.created", "task.completed", "task.updated", "task.updated"]


async def test_wr7_what_is_somebody_elses_does_not_exist(server: BackendHarness) -> None:
    """F16's smallest case."""
    ada, bob = await server.register(), await server.register("bob@example.com")
    task = await ada.made()
    for reply in (
        await bob.call("GET", f"tasks/{task['id']}"),
        await bob.patch(task["id"], title="x"),
        await bob.delete(task["id"]),
        await bob.post(task["id"], "complete"),
        await bob.post(task["id"], "restore"),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "task_not_found")
    stolen = await bob.create(space=task["space"])
    assert (stolen.status_code, stolen.json()["code"]) == (404, "space_not_found")
    assert (await bob.create(space=new_id())).json() == stolen.json()
    for method, path in [("GET", "tasks"), ("POST", "tasks"), ("GET", "changes"), ("DELETE", f"tasks/{task['id']}")]:
        reply = await bob.call(method, f"/api/{ada.user_id}/{path}", json={"title": "x"})
        assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")
    assert (await ada.tasks())["tasks"] == [task]
    assert all(event["audience"] == [ada.user_id] for event in await server.events())


async def test_tasks_cannot_be_put_into_the_private_space(server: BackendHarness) -> None:
    ada = await server.register()
    task = await ada.made()
    private = next(s["id"] for s in (await ada.changes())["spaces"] if s["id"] != task["space"])
    assert (await ada.create(space=private)).json()["code"] == "space_not_found"
    assert (await ada.create(space=task["space"])).status_code == 201


async def purge(server: BackendHarness, clock: ManualClock) -> None:
    before = int(clock.now * 1000) + 1
    await server.backend.context.database.write(lambda connection: tombstones.purge(connection, before, 1000))


async def test_sp4_purge_raises_min_seq_and_forgets_the_tombstone(server: BackendHarness) -> None:
    ada = await server.register()
    kept, gone = await ada.made(title="kept"), await ada.made(title="gone")
    await ada.delete(gone["id"])
    await ada.patch(kept["id"], title="kept and changed")
    await purge(server, server.clock)
    found = await server.backend.context.database.read(lambda connection: spaces.of_user(connection, ada.user_id))
    assert sorted((space.head, space.min_seq) for space in found) == [(0, 0), (4, 3)]
    assert (await ada.post(gone["id"], "restore")).json()["code"] == "task_not_found"
    assert [task["title"] for task in (await ada.tasks())["tasks"]] == ["kept and changed"]


async def test_sp4_purge_leaves_young_tombstones_alone(server: BackendHarness) -> None:
    """F8: the janitor's thirty days."""
    ada = await server.register()
    old, young = await ada.made(), await ada.made()
    await ada.delete(old["id"])
    server.clock.move(20 * 24 * 3600)
    await ada.refresh()
    await ada.delete(young["id"])
    server.clock.move(11 * 24 * 3600)
    await server.backend.janitor.purge()
    await ada.refresh()
    assert (await ada.post(young["id"], "restore")).status_code == 200
    assert (await ada.post(old["id"], "restore")).status_code == 404


async def test_sp4_purge_and_restore_at_once(server: BackendHarness) -> None:
    """Either the task is back and in the feed, or it is gone and readers below it are reset."""
    ada = await server.register()
    for number in range(5):
        task = await ada.made(title=f"{number}")
        await ada.delete(task["id"])
        cursor = (await ada.tasks())["cursor"]
        restored, _ = await asyncio.gather(ada.post(task["id"], "restore"), purge(server, server.clock))
        found = {found["id"] for found in (await ada.tasks())["tasks"]}
        assert (task["id"] in found) == restored.is_success
        changed = [t["id"] for space in (await ada.changes(cursor))["spaces"] for t in space["tasks"]]
        assert changed == ([task["id"]] if restored.is_success else [])
        if restored.is_success:
            await ada.delete(task["id"])
