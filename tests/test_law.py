"""The law of sync on the whole program: whatever happens, replicas end where the server is (CL3).

Several devices write at random while others follow, and the process is killed at random moments. Writers repeat what
got no answer under its Idempotency-Key until it has one.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tandem_protocol.ids import uuid7
from tandem_testing.backend import Device
from tandem_testing.client import SyncClient, fetch, following
from tandem_testing.server import WAIT_SECONDS, TandemServer

PHASES, KILLS, WRITERS, READERS, WRITES = 3, 2, 4, 2, 25
GOOD = {200, 201}
REFUSED = {"task_deleted", "task_not_found"}
TITLES = ["milk", "bread", "\N{SNOWMAN}", "a" * 500]


class History:
    """Writes that were answered, and a server that is killed while they are on their way."""

    def __init__(self, server: TandemServer, chance: random.Random) -> None:
        self.server = server
        self.chance = chance
        self.answers: list[dict[str, Any]] = []
        self.created: set[str] = set()
        self.replayed = 0
        self.up = asyncio.Event()
        self.up.set()
        self._answered = asyncio.Condition()

    async def write(self, device: Device, method: str, path: str, body: dict[str, Any] | None) -> None:
        """Do one write, however often it takes; its answer counts once."""
        key = str(uuid4())
        while True:
            await self.up.wait()
            try:
                reply = (
                    await device.call(method, path, key, json=body) if body else await device.call(method, path, key)
                )
            except httpx.TransportError:
                # Without a task switch a refused connection could be tried again before the killer notices.
                await asyncio.sleep(0)
                continue
            if reply.status_code < 500:
                break
        self.replayed += "idempotency-replayed" in reply.headers
        answer = reply.json()
        if reply.status_code in GOOD:
            self.answers.append(answer)
        else:
            assert answer["code"] in REFUSED, answer
        async with self._answered:
            self._answered.notify_all()

    async def writer(self, device: Device, number: int) -> None:
        """Make, change, complete, delete and restore tasks at random, also those of the other writers."""
        for _ in range(number):
            known = sorted(self.created)
            verb = self.chance.choice(["create", "create", "patch", "patch", "complete", "delete", "restore"])
            if verb == "create" or not known:
                task = uuid7(self.chance.randrange(2**48), self.chance.randbytes)
                self.created.add(task)
                body = {"id": task, "title": self.chance.choice(TITLES)}
                await self.write(device, "POST", "tasks", body)
                continue
            path = f"tasks/{self.chance.choice(known)}"
            if verb == "patch":
                fields = {"title": self.chance.choice(TITLES), "completed": self.chance.random() < 0.5}
                named = self.chance.sample(sorted(fields), self.chance.randint(1, 2))
                await self.write(device, "PATCH", path, {name: fields[name] for name in named})
            elif verb == "delete":
                await self.write(device, "DELETE", path, None)
            else:
                await self.write(device, "POST", f"{path}/{verb}", None)

    async def killer(self, kills: int, writes: int) -> None:
        """Kill the server after random numbers of answers, while others wait for theirs."""
        begun = len(self.answers)
        moments = sorted(self.chance.sample(range(1, writes // 2), kills))
        for moment in moments:
            async with self._answered:
                await self._answered.wait_for(lambda moment=moment: len(self.answers) - begun >= moment)
            self.up.clear()
            await asyncio.to_thread(self.server.restart)
            self.up.set()

    def expected(self) -> dict[str, int]:
        """Return the last answered ``seq`` of every task that was touched."""
        last: dict[str, int] = {}
        for answer in self.answers:
            last[answer["id"]] = max(answer["seq"], last.get(answer["id"], 0))
        return last

    def check(self, tasks: dict[str, dict[str, Any]]) -> None:
        """Compare what the server has with what it answered: nothing lost, nothing doubled, nothing else."""
        by_place = {(answer["id"], answer["seq"]): answer for answer in self.answers}
        live = {task: by_place[task, seq] for task, seq in self.expected().items() if "title" in by_place[task, seq]}
        assert tasks == live
        # Each change has a place of its own, and no place is empty (SP2).
        assert sorted({answer["seq"] for answer in self.answers}) == list(range(1, self.head() + 1))

    def head(self) -> int:
        """Return the last place."""
        return max(answer["seq"] for answer in self.answers)


async def follow_law(server: TandemServer, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    history = History(server, chance)
    first = await server.register()
    devices = [first, *[await server.login() for _ in range(WRITERS + READERS - 1)]]
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(following(device)) for device in devices[-READERS:]]
        for _ in range(PHASES):
            async with asyncio.timeout(4 * WAIT_SECONDS), asyncio.TaskGroup() as group:
                for device in devices[:WRITERS]:
                    group.create_task(history.writer(device, WRITES))
                group.create_task(history.killer(KILLS, WRITERS * WRITES // 2))
            tasks = await fetch(first)
            history.check(tasks)
            for client in clients:
                await client.shows(tasks)
        # Somebody who was away all the time sees the same.
        clients.append(await stack.enter_async_context(following(first)))
        await clients[-1].shows(await fetch(first))
        assert all(applied_events(client) for client in clients[:READERS])


def applied_events(client: SyncClient) -> int:
    return sum(message["type"] == "task_update" for message in client.messages)


@pytest.mark.parametrize("seed", [random.SystemRandom().randrange(2**32)], ids=["random"])
async def test_replicas_end_where_the_server_is_through_kills_cl3_wr4_wr6_ev3_f24(
    tandem: Callable[..., TandemServer], seed: int
) -> None:
    await follow_law(tandem(HEARTBEAT_INTERVAL="0.5").start(), seed)


@pytest.mark.postgres
@pytest.mark.parametrize("seed", [random.SystemRandom().randrange(2**32)], ids=["random"])
async def test_law_on_postgresql_cl3_wr4_wr6_ev3_f24(
    tandem: Callable[..., TandemServer], postgres_url: str, seed: int
) -> None:
    await follow_law(tandem(HEARTBEAT_INTERVAL="0.5", DATABASE_URL=postgres_url).start(), seed)
