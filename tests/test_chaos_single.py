"""Chaos in one server, shortly; and what is done to a real one behind its back is found."""

import random
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tandem_testing.chaos.checker import Findings
from tandem_testing.chaos.history import History, RecordingTransport
from tandem_testing.chaos.plan import Plan
from tandem_testing.chaos.players import Player
from tandem_testing.chaos.run import Chaos, run
from tandem_testing.chaos.seeds import FAILED_SEEDS
from tandem_testing.chaos.targets import SETTINGS, SingleTarget

QUIET = Plan(seed=1, seconds=30, edits=60, users=1, devices=2, think=0.01, dies=0, lanes=0, settling=10)
Spoil = Callable[[Chaos, SingleTarget], Awaitable[None]]


@asynccontextmanager
async def running(folder: Path, **settings: str) -> AsyncGenerator[SingleTarget]:
    target = SingleTarget(folder, {**SETTINGS, **settings})
    try:
        await target.start()
        yield target
    finally:
        await target.close()


async def test_a_short_run_finds_nothing(tmp_path: Path) -> None:
    seed = FAILED_SEEDS.next("single")
    async with running(tmp_path) as target:
        report = await run(target, Plan(seed=seed, seconds=15, edits=5_000, users=4, pause=0.5), print)
    FAILED_SEEDS.note("single", seed, failed=bool(report.findings))
    assert not report.findings, report
    assert "Traceback" not in target.printed, seed
    assert len(report.history.attempts) > 100, report
    assert sum(report.faults.values()) > 3, report


async def findings(target: SingleTarget, spoil: Spoil | None = None, plan: Plan = QUIET) -> Findings:
    """Return what is found after a run without faults, when something is done to what came out of it."""
    async with Chaos(target, plan, print) as chaos:
        await chaos.play()
        await chaos.settle()
        if spoil is not None:
            await spoil(chaos, target)
        return (await chaos.check()).findings


def change(target: SingleTarget, *statements: str) -> None:
    """Change the database behind the server's back."""
    with closing(sqlite3.connect(target.database)) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount == 1, statement


async def a_row_disappears(chaos: Chaos, target: SingleTarget) -> None:
    task = next(iter(chaos.players[0].client.confirmed))
    change(target, f"DELETE FROM tasks WHERE id = '{task}'")  # noqa: S608 - an id of this test


async def a_title_is_another(chaos: Chaos, target: SingleTarget) -> None:
    task = next(iter(chaos.players[0].client.confirmed))
    change(target, f"UPDATE tasks SET title = 'another' WHERE id = '{task}'")  # noqa: S608 - an id of this test


async def a_task_is_made_twice(chaos: Chaos, target: SingleTarget) -> None:
    task = next(iter(chaos.players[0].client.confirmed.values()))
    columns = "user_id, title, description, priority, completed, completed_at, due_date, due_at, due_zone"
    columns += ", created_at, updated_at, deleted_at"
    change(
        target,
        f"UPDATE spaces SET head = head + 1 WHERE id = '{task.space}'",  # noqa: S608 - an id of this test
        f"INSERT INTO tasks (space_id, id, seq, {columns}) SELECT space_id, '{uuid4()}', head, {columns} FROM tasks"  # noqa: S608
        f" JOIN (SELECT id AS place, head FROM spaces) ON space_id = place WHERE id = '{task.id}'",
    )
    # Clients find it by the heads, so that they agree with the database.
    await chaos.settle()


class Liar(RecordingTransport):
    """A feed that tells another title for every task."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        reply = await super().handle_async_request(request)
        if request.url.path.endswith("/changes"):
            content = (await reply.aread()).replace(b'"title":"', b'"title":"not ')
            return httpx.Response(reply.status_code, headers={"content-type": "application/json"}, content=content)
        return reply


async def a_client_is_told_wrongly(chaos: Chaos, target: SingleTarget) -> None:
    liar = Player("liar", target.url, chaos.emails[0], History(), random.Random(1), Liar)  # noqa: S311 - repeatable
    await liar.start()
    chaos.players.append(liar)


async def a_connection_stays_cut(chaos: Chaos, target: SingleTarget) -> None:
    await target.cut()
    chaos.players[0].add()


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (None, set[str]()),
        (a_row_disappears, {"lost", "diverged"}),
        (a_title_is_another, {"lost", "diverged"}),
        (a_task_is_made_twice, {"doubled"}),
        (a_client_is_told_wrongly, {"diverged"}),
        # What it shows is not in the database, and its user waits.
        (a_connection_stays_cut, {"stuck", "diverged"}),
    ],
)
async def test_what_is_spoiled_is_found(tmp_path: Path, spoil: Spoil | None, found: set[str]) -> None:
    async with running(tmp_path) as target:
        report = await findings(target, spoil)
    assert {name for name in ("lost", "doubled", "diverged", "stuck") if getattr(report, name)} == found, report


async def test_a_client_that_hears_of_nothing_is_found(tmp_path: Path) -> None:
    """A second device gets no socket (HS3), and pulls now and then."""
    async with running(tmp_path, TANDEM_MAX_CONNECTIONS_PER_USER="1") as target:
        report = await findings(target, plan=replace(QUIET, settling=4))
    assert any("hears of nothing" in text for text in report.stuck), report
