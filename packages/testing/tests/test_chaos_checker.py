"""The checker can fail: each loss, doubling, divergence and standstill that is planted is found, and no other."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tandem_testing.chaos.checker import Ended, Findings, check
from tandem_testing.chaos.database import Database, Row, SpaceRow
from tandem_testing.chaos.documents import content_of
from tandem_testing.chaos.history import Attempt, Document

USER, SPACE = "user", "space"
MOMENT = "2026-01-01T12:00:00.000Z"


def document(task: str, seq: int, **fields: Any) -> Document:
    completed = fields.get("completed", False)
    return {
        "id": task,
        "user_id": USER,
        "space": SPACE,
        "seq": seq,
        "title": "title",
        "description": "",
        "completed": False,
        "completed_at": MOMENT if completed else None,
        "priority": "medium",
        "due": None,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        **fields,
    }


def attempt(key: str, kind: str, task: str | None, fields: Document, done: Document | None) -> Attempt:
    return Attempt(key, USER, kind, task, fields, [done] if done else [], told=done)


class World:
    """A small history that is right: three tasks, one of them deleted, and two clients that have all of it."""

    def __init__(self) -> None:
        due = {"kind": "day", "date": "2026-02-28"}
        a1 = document("a", 1)
        b2 = document("b", 2, due=due)
        c3 = document("c", 3)
        a4 = document("a", 4, title="new")
        a5 = document("a", 5, title="new", priority="high")
        gone = {"id": "c", "space": SPACE, "seq": 6}
        self.attempts = {
            each.key: each
            for each in (
                attempt("k1", "create", "a", {"title": "title"}, a1),
                attempt("k2", "create", "b", {"title": "title", "due": due}, b2),
                attempt("k3", "create", None, {"title": "title"}, c3),
                attempt("k4", "patch", "a", {"title": "new"}, a4),
                attempt("k5", "patch", "a", {"priority": "high"}, a5),
                attempt("k6", "delete", "c", {}, gone),
                Attempt("k7", USER, "patch", "c", {"title": "late"}, refused=["task_deleted"], told_refused=True),
            )
        }
        self.rows = {
            "a": Row(SPACE, "a", 5, deleted=False, content=content_of(a5)),
            "b": Row(SPACE, "b", 2, deleted=False, content=content_of(b2)),
            "c": Row(SPACE, "c", 6, deleted=True, content=content_of(c3)),
        }
        self.space = SpaceRow(SPACE, "epoch", 6, USER)
        self.unpublished = 0
        self.clients = [
            Ended(name, USER, {"a": dict(a5), "b": dict(b2)}, {SPACE: ("epoch", 6)}, 0) for name in ("one", "two")
        ]

    def patch_row(self, task: str, **fields: Any) -> None:
        row = self.rows[task]
        self.rows[task] = replace(row, content=replace(row.content, **fields))

    def show(self, client: int, **fields: Any) -> None:
        self.clients[client] = replace(self.clients[client], **fields)

    def check(self) -> Findings:
        database = Database(list(self.rows.values()), [self.space], self.unpublished)
        return check(list(self.attempts.values()), database, self.clients)


def kinds(findings: Findings) -> set[str]:
    return {name for name in ("lost", "doubled", "diverged", "stuck") if getattr(findings, name)}


def test_right_history_has_no_findings() -> None:
    findings = World().check()
    assert not findings, findings
    assert str(findings) == "lost 0, doubled 0, diverged 0, stuck 0"


def row_is_gone(world: World) -> None:
    del world.rows["b"]


def last_write_is_gone(world: World) -> None:
    world.rows["a"] = replace(world.rows["a"], seq=4, content=content_of(document("a", 4, title="new")))
    world.space = replace(world.space, head=5)


def field_is_as_before(world: World) -> None:
    world.patch_row("a", title="title")


def merge_forgot_a_field(world: World) -> None:
    """The server's own answer had lost what an earlier write had said."""
    for each in (world.attempts["k5"].done[0], world.attempts["k5"].told):
        assert each is not None
        each["title"] = "title"


def deletion_is_undone(world: World) -> None:
    world.rows["c"] = replace(world.rows["c"], deleted=False)


def task_is_deleted_without_a_write(world: World) -> None:
    world.rows["b"] = replace(world.rows["b"], deleted=True)


def done_but_told_refused(world: World) -> None:
    world.attempts["k4"].told_refused = True
    world.attempts["k4"].told = None


def told_done_but_refused(world: World) -> None:
    world.attempts["k7"].told = document("c", 6)
    world.attempts["k7"].told_refused = False


@pytest.mark.parametrize(
    "plant",
    [
        row_is_gone,
        last_write_is_gone,
        field_is_as_before,
        merge_forgot_a_field,
        deletion_is_undone,
        task_is_deleted_without_a_write,
        done_but_told_refused,
        told_done_but_refused,
    ],
)
def test_loss_is_found(plant: Callable[[World], None]) -> None:
    world = World()
    plant(world)
    assert "lost" in kinds(world.check())


def second_row_of_a_create(world: World) -> None:
    """The key of a create without an id was done twice."""
    world.rows["d"] = replace(world.rows["c"], id="d", seq=7)
    world.space = replace(world.space, head=7)


def change_that_nobody_made(world: World) -> None:
    world.rows["b"] = replace(world.rows["b"], seq=7)
    world.space = replace(world.space, head=7)


def write_done_again_without_a_trace(world: World) -> None:
    world.space = replace(world.space, head=7)


def key_with_two_answers(world: World) -> None:
    world.attempts["k1"].done.append(document("a", 4, title="new"))


def key_answered_and_refused(world: World) -> None:
    world.attempts["k1"].refused.append("task_deleted")


def refused_write_that_was_done(world: World) -> None:
    world.rows["c"] = replace(world.rows["c"], seq=7)
    world.space = replace(world.space, head=7)


def two_tasks_at_one_place(world: World) -> None:
    world.attempts["k2"].done[0]["seq"] = 1


@pytest.mark.parametrize(
    "plant",
    [
        second_row_of_a_create,
        change_that_nobody_made,
        write_done_again_without_a_trace,
        key_with_two_answers,
        key_answered_and_refused,
        refused_write_that_was_done,
        two_tasks_at_one_place,
    ],
)
def test_doubling_is_found(plant: Callable[[World], None]) -> None:
    world = World()
    plant(world)
    assert "doubled" in kinds(world.check())


@pytest.mark.parametrize(
    "tasks",
    [
        {},
        {"a": document("a", 5, title="new", priority="high")},
        {"a": document("a", 5, title="old", priority="high"), "b": World().clients[0].tasks["b"]},
        {"a": document("a", 4, title="new", priority="high"), "b": World().clients[0].tasks["b"]},
        {**World().clients[0].tasks, "c": document("c", 3)},
    ],
    ids=["empty", "missing", "old_field", "old_place", "resurrected"],
)
def test_divergence_is_found(tasks: dict[str, Document]) -> None:
    world = World()
    world.show(1, tasks=tasks)
    findings = world.check()
    assert kinds(findings) == {"diverged"}
    assert len(findings.diverged) == 1
    assert findings.diverged[0].startswith("two ")


STANDSTILLS: dict[str, Callable[[World], None]] = {
    "unsent": lambda world: world.show(0, unsent=1),
    "behind": lambda world: world.show(0, heads={SPACE: ("epoch", 5)}),
    "another_history": lambda world: world.show(0, heads={SPACE: ("another", 6)}),
    "nothing_read": lambda world: world.show(0, heads={}),
    "outbox": lambda world: setattr(world, "unpublished", 1),
}


@pytest.mark.parametrize("plant", STANDSTILLS.values(), ids=STANDSTILLS)
def test_standstill_is_found(plant: Callable[[World], None]) -> None:
    world = World()
    plant(world)
    assert kinds(world.check()) == {"stuck"}


def test_write_without_an_answer_may_or_may_not_be_done() -> None:
    world = World()
    world.attempts["k8"] = Attempt("k8", USER, "patch", "b", {"title": "doubtful"})
    assert not world.check()
    world.rows["b"] = replace(world.rows["b"], seq=7)
    world.patch_row("b", title="doubtful")
    world.space = replace(world.space, head=7)
    now = document("b", 7, title="doubtful", due={"kind": "day", "date": "2026-02-28"})
    for number in (0, 1):
        tasks = {**world.clients[number].tasks, "b": now}
        world.show(number, tasks=tasks, heads={SPACE: ("epoch", 7)})
    assert not world.check()
    # But it does nothing else, and nothing twice.
    world.patch_row("b", priority="low")
    assert "lost" in kinds(world.check())
    world.space = replace(world.space, head=8)
    assert "doubled" in kinds(world.check())


def test_create_without_an_id_and_without_an_answer_explains_one_row() -> None:
    world = World()
    world.attempts["k8"] = Attempt("k8", USER, "create", None, {"title": "posted"})
    for number, task in enumerate("de", 7):
        world.rows[task] = replace(world.rows["c"], id=task, seq=number)
        world.space = replace(world.space, head=number)
        for client in (0, 1):
            world.show(client, heads={SPACE: ("epoch", number)})
        assert kinds(world.check()) == (set() if task == "d" else {"doubled"})
