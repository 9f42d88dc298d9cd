"""EV8: one leader among the backends of a PostgreSQL database."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import psycopg
import pytest

from tandem_backend.storage.postgres_leadership import (
    ASIDE_SECONDS,
    FRESH_SECONDS,
    HEARTBEAT_SECONDS,
    REPLY_SECONDS,
    SILENCE_SECONDS,
    TRY_SECONDS,
    PostgresLeadership,
)
from tandem_testing.backend import PATIENCE
from tandem_testing.postgres import PostgresServer

pytestmark = pytest.mark.postgres
HOLDER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"


class Contenders:
    """Several leaderships on one database, and what they said."""

    def __init__(self, url: str, count: int, monotonic: Callable[[], float]) -> None:
        self.all = [PostgresLeadership(url, monotonic=monotonic) for _ in range(count)]
        self.changes = [0] * count
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, number: int) -> None:
        def changed() -> None:
            self.changes[number] += 1
            task = asyncio.create_task(self._tell())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self.all[number].start(changed)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds, which is looked at whenever one of them says that something changed."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(holds)

    async def leader(self, among: Sequence[int] | None = None) -> int:
        """Wait until one of them leads, and return which."""
        chosen = range(len(self.all)) if among is None else among
        await self.until(lambda: any(self.all[number].leads for number in chosen))
        leaders = [number for number in range(len(self.all)) if self.all[number].leads]
        assert len(leaders) == 1
        return leaders[0]

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@asynccontextmanager
async def contending(
    url: str, count: int, monotonic: Callable[[], float] = time.monotonic
) -> AsyncGenerator[Contenders]:
    contenders = Contenders(url, count, monotonic)
    for number in range(count):
        contenders.start(number)
    try:
        yield contenders
    finally:
        for leadership in contenders.all:
            await asyncio.wait_for(leadership.stop(), PATIENCE)


@asynccontextmanager
async def bystander(url: str) -> AsyncGenerator[psycopg.AsyncConnection[tuple[int]]]:
    """Connect as somebody who only looks."""
    async with await psycopg.AsyncConnection[tuple[int]].connect(url, autocommit=True) as connection:
        yield connection


async def holder(connection: psycopg.AsyncConnection[tuple[int]]) -> int:
    """Return the server's process that serves the leader."""
    ((pid,),) = await (await connection.execute(HOLDER)).fetchall()
    return pid


def test_ev8_times_add_up() -> None:
    """A frozen leader's session is ended, and another backend tries, within 5 s; before that it knows to ask."""
    assert SILENCE_SECONDS + TRY_SECONDS + REPLY_SECONDS / 2 < 5
    assert HEARTBEAT_SECONDS < FRESH_SECONDS < SILENCE_SECONDS
    assert TRY_SECONDS < ASIDE_SECONDS < SILENCE_SECONDS


async def test_ev8_one_leads_and_a_stopped_one_makes_room(postgres_url: str) -> None:
    async with contending(postgres_url, 3) as contenders:
        left = {0, 1, 2}
        while left:
            leader = await contenders.leader()
            assert [await contenders.all[number].confirm() for number in range(3)] == [
                number == leader for number in range(3)
            ]
            await contenders.all[leader].stop()
            assert not contenders.all[leader].leads
            left.remove(leader)


async def test_ev8_leader_on_another_database_is_nobody_s_business(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with contending(postgres_url, 1) as here:
        await here.leader()
        with postgres_server.database() as other_url:
            async with contending(other_url, 1) as there:
                assert await there.leader() == await here.leader() == 0


async def test_ev8_lost_connection_ends_the_leadership_at_once(postgres_url: str) -> None:
    async with contending(postgres_url, 2) as contenders, bystander(postgres_url) as connection:
        for _ in range(4):
            leader = await contenders.leader()
            before = contenders.changes[leader]
            await connection.execute("SELECT pg_terminate_backend(%s)", [await holder(connection)])
            await contenders.until(lambda leader=leader, before=before: contenders.changes[leader] > before)


async def test_ev8_postgres_that_is_gone_has_no_leader_and_later_one(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with contending(postgres_url, 2) as contenders:
        leader = await contenders.leader()
        await asyncio.to_thread(postgres_server.stop)
        try:
            await contenders.until(lambda: not contenders.all[leader].leads)
            assert not any([await leadership.confirm() for leadership in contenders.all])
        finally:
            await asyncio.to_thread(postgres_server.start)
        await contenders.leader()


async def test_ev8_leader_that_stood_still_asks_first(postgres_url: str) -> None:
    """The clock is that of a process that was stopped and goes on."""
    slept = 0.0

    def monotonic() -> float:
        return time.monotonic() + slept

    async with contending(postgres_url, 1, monotonic) as contenders, bystander(postgres_url) as connection:
        (leadership,) = contenders.all
        await contenders.leader()
        slept += 60
        assert not leadership.leads, "it does not know"
        assert await leadership.confirm(), "it has asked"
        assert leadership.leads
        pid = await holder(connection)
        os.kill(pid, signal.SIGSTOP)
        try:
            slept += 60
            assert not await asyncio.wait_for(leadership.confirm(), PATIENCE), "nobody answers"
        finally:
            os.kill(pid, signal.SIGCONT)
        await contenders.leader()


async def test_ev8_server_that_does_not_answer_holds_nobody_up(postgres_url: str) -> None:
    async with contending(postgres_url, 1) as contenders, bystander(postgres_url) as connection:
        await contenders.leader()
        pid = await holder(connection)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.wait_for(contenders.all[0].stop(), PATIENCE)
        finally:
            os.kill(pid, signal.SIGCONT)


async def test_ev3_many_commits_are_one_notification_and_none_of_a_leader(postgres_url: str) -> None:
    async with contending(postgres_url, 2) as contenders, bystander(postgres_url) as connection:
        await connection.execute("LISTEN tandem_outbox")
        leader = await contenders.leader()
        follower = contenders.all[1 - leader]
        for _ in range(1000):
            contenders.all[leader].announce()
            follower.announce()
        async with asyncio.timeout(PATIENCE):
            assert [notice.channel async for notice in connection.notifies(stop_after=1)] == ["tandem_outbox"]
        # The next one follows a whole round trip later; had the first thousand been one each, they were there.
        follower.announce()
        async with asyncio.timeout(PATIENCE):
            assert len([notice async for notice in connection.notifies(stop_after=1)]) == 1


async def test_ev8_step_aside_lets_another_one_try_and_needs_no_other_one(postgres_url: str) -> None:
    async with contending(postgres_url, 2) as contenders:
        for _ in range(2):
            leader = await contenders.leader()
            contenders.all[leader].step_aside()
            assert await contenders.leader([1 - leader]) == 1 - leader
        last = await contenders.leader()
        await contenders.all[1 - last].stop()
        before = contenders.changes[last]
        contenders.all[last].step_aside()
        await contenders.until(lambda: contenders.changes[last] >= before + 2)
        assert contenders.all[last].leads
