"""How edits are sent: in which order, how often, and what becomes of those that are refused (CL8 to CL10)."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tandem_client.edits import Delete, Edit
from tandem_client.engine import Engine, Outcome, Ports
from tandem_client.errors import RefusedError, SessionEndedError, TandemError, UnavailableError
from tandem_client.pace import Pace
from tandem_client.sockets import Socket
from tandem_protocol.feed import Changes, SpaceChanges
from tandem_protocol.tasks import Priority, Task, TaskCreate, TaskDeleted, TaskPatch

USER, SPACE, EPOCH, A, B = (str(UUID(int=number, version=4)) for number in range(1, 6))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Script:
    """A server that answers each try as it is told, and well when it is told nothing."""

    def __init__(self) -> None:
        self.tries: list[tuple[str, str]] = []
        self.refusals: dict[str, list[TandemError]] = {}
        self.hanging: set[str] = set()
        self.found: list[str] = []
        self.seq = 0

    async def changes(self, cursor: str | None) -> Changes:
        part = SpaceChanges(
            id=SPACE, epoch=EPOCH, head=self.seq, through=self.seq, reset=cursor is None, tasks=[], deleted=[]
        )
        return Changes(cursor="c", more=False, spaces=[part])

    async def write(self, edit: Edit) -> Task | TaskDeleted:
        self.tries.append((edit.task_id, edit.key))
        if edit.key in self.hanging:
            await asyncio.Event().wait()
        if self.refusals.get(edit.key):
            raise self.refusals[edit.key].pop(0)
        self.seq += 1
        if isinstance(edit.change, Delete):
            return TaskDeleted(id=edit.task_id, space=SPACE, seq=self.seq)
        return self.task(edit.task_id)

    async def find(self, task_id: str) -> Task:
        self.found.append(task_id)
        return self.task(task_id)

    def task(self, task_id: str) -> Task:
        return Task(
            id=task_id,
            user_id=USER,
            space=SPACE,
            seq=self.seq,
            title="title",
            description="",
            completed=False,
            completed_at=None,
            priority=Priority.MEDIUM,
            due=None,
            created_at=NOW,
            updated_at=NOW,
        )

    seconds_to_renewal = 3600.0

    async def token(self) -> str:
        return "token"

    async def another(self, refused: str) -> str:
        return refused

    @contextlib.asynccontextmanager
    async def no_socket(self, token: str) -> AsyncGenerator[Socket]:
        raise UnavailableError(f"no socket for {token}")
        yield


@contextlib.asynccontextmanager
async def playing() -> AsyncGenerator[tuple[Script, Engine]]:
    script = Script()
    ports = Ports(
        user_id=USER,
        remote=script,
        tokens=script,
        open_socket=script.no_socket,
        pace=Pace(backoff=(0.01,), event=0.01),
    )
    engine = Engine(ports)
    running = asyncio.create_task(engine.run())
    try:
        async with asyncio.timeout(10):
            yield script, engine
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def create(engine: Engine, key: str, task_id: str) -> asyncio.Future[Outcome]:
    return engine.edit(key, task_id, TaskCreate(id=task_id, title="title"))


def patch(engine: Engine, key: str, task_id: str) -> asyncio.Future[Outcome]:
    return engine.edit(key, task_id, TaskPatch(title=key))


async def test_edits_of_a_task_go_in_order_and_hold_no_other_up_cl8() -> None:
    async with playing() as (script, engine):
        script.hanging.add("a1")
        for key in ("a1", "a2", "a3"):
            patch(engine, key, A)
        first, second = patch(engine, "b1", B), patch(engine, "b2", B)
        await asyncio.gather(first, second)
        assert [key for task, key in script.tries if task == B] == ["b1", "b2"]
        assert [key for task, key in script.tries if task == A] == ["a1"]


@pytest.mark.parametrize(
    "error",
    [UnavailableError("no answer"), *(RefusedError(status, "", "") for status in (401, 408, 429, 500, 502, 503, 507))],
    ids=str,
)
async def test_what_may_get_better_is_tried_again_under_its_key_cl9(error: TandemError) -> None:
    async with playing() as (script, engine):
        script.refusals["a1"] = [error] * 4
        assert isinstance(await patch(engine, "a1", A), Task)
        assert script.tries == [(A, "a1")] * 5
        assert engine.set_aside == []


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 413, 422])
async def test_what_is_refused_for_good_blocks_nothing_behind_it_cl9_f3(status: int) -> None:
    async with playing() as (script, engine):
        script.refusals["a1"] = [RefusedError(status, "some_code", "says why")]
        refused, after = patch(engine, "a1", A), patch(engine, "a2", A)
        outcome = await refused
        assert isinstance(outcome, RefusedError)
        assert isinstance(await after, Task)
        assert script.tries == [(A, "a1"), (A, "a2")]
        assert [(each.key, each.code, each.reason) for each in engine.set_aside] == [("a1", "some_code", "says why")]


async def test_what_was_done_to_a_task_that_was_never_made_goes_with_it() -> None:
    async with playing() as (script, engine):
        script.refusals["a1"] = [RefusedError(422, "invalid_request", "")]
        outcomes = await asyncio.gather(create(engine, "a1", A), patch(engine, "a2", A), patch(engine, "a3", A))
        assert all(isinstance(outcome, RefusedError) for outcome in outcomes)
        assert script.tries == [(A, "a1")]
        assert engine.replica.tasks == {}


async def test_create_that_exists_succeeded_cl10() -> None:
    async with playing() as (script, engine):
        script.refusals["a1"] = [RefusedError(409, "task_exists", "")]
        assert isinstance(await create(engine, "a1", A), Task)
        assert script.found == [A]
        assert engine.set_aside == []


async def test_ended_session_answers_all_who_wait_cl15() -> None:
    async with playing() as (script, engine):
        script.refusals["a1"] = [SessionEndedError("over")]
        script.hanging.add("b1")
        outcomes = await asyncio.gather(patch(engine, "a1", A), patch(engine, "b1", B))
        assert all(isinstance(outcome, SessionEndedError) for outcome in outcomes)
        with pytest.raises(SessionEndedError):
            patch(engine, "a2", A)


async def test_synced_means_saved_and_shown_cl7() -> None:
    async with playing() as (script, engine):
        edits = [create(engine, f"key-{number}", str(UUID(int=number, version=4))) for number in range(50, 90)]
        await engine.synced()
        assert all(edit.done() for edit in edits)
        assert len(engine.replica.queue) == 0
        assert script.seq == 40
