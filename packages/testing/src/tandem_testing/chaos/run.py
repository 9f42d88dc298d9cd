"""One run: players edit while faults happen; then everything is mended, and the checker looks."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

import httpx

from tandem_testing.backend import PASSWORD
from tandem_testing.chaos.checker import check
from tandem_testing.chaos.database import count_unpublished, read_database, read_spaces
from tandem_testing.chaos.faults import Nemesis
from tandem_testing.chaos.hearing import deaf
from tandem_testing.chaos.history import History
from tandem_testing.chaos.plan import Plan, Report
from tandem_testing.chaos.players import Budget, Player
from tandem_testing.chaos.posters import Poster
from tandem_testing.chaos.targets import Target

_LOOK_SECONDS: Final = 0.25
_SIGN_INS: Final = 4
"""So many at once at the beginning: a password is work, and all of them together would give up waiting."""


class Chaos:
    """Chaos in a target that runs. Used in an ``async with``: entering signs all clients in, leaving ends them.

    What comes out of it as an exception is no finding but a mistake in a client or in the injection of a fault.
    """

    def __init__(self, target: Target, plan: Plan, tell: Callable[[str], None]) -> None:
        """Create it; ``tell`` is called with each fault."""
        self._target = target
        self._plan = plan
        self._chance = random.Random(plan.seed)  # noqa: S311 - repeatable
        self._history = History()
        self._report = Report(plan, self._history)
        self.emails = [f"user{number}@{plan.seed}.example" for number in range(plan.users)]
        self.players = [
            Player(f"{email}/{device}", target.url, email, self._history, self._child())
            for email in self.emails
            for device in range(plan.devices)
        ]
        self._posters = [Poster(target.url, email, self._history, self._child()) for email in self.emails]
        self._nemesis = Nemesis(target.faults, self._child(), tell)
        self._healed = 0.0
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Make the accounts, and sign in."""
        async with AsyncExitStack() as stack:
            async with httpx.AsyncClient(base_url=self._target.url, trust_env=False, timeout=30) as client:
                for email in self.emails:
                    reply = await client.post("/api/auth/register", json={"email": email, "password": PASSWORD})
                    reply.raise_for_status()
            stack.push_async_callback(self._close)
            turns = asyncio.Semaphore(_SIGN_INS)

            async def start(player: Player) -> None:
                async with turns:
                    await player.start()

            await asyncio.gather(*map(start, self.players))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all clients."""
        await self._stack.aclose()

    async def play(self) -> None:
        """Edit while faults happen, until the edits or the time of the plan are spent; then mend everything."""
        plan, begun, budget = self._plan, time.monotonic(), Budget(self._plan.edits)
        async with asyncio.TaskGroup() as group:
            faults = group.create_task(self._nemesis.run(plan.lanes, plan.pause))
            playing = {player.name: player.play(budget, plan.think, plan.dies) for player in self.players}
            playing |= {poster.name: poster.play(budget, 4 * plan.think) for poster in self._posters}
            tasks = [group.create_task(work, name=name) for name, work in playing.items()]
            await asyncio.wait(tasks, timeout=plan.seconds)
            budget.left = 0
            self._nemesis.stop()
            await faults
            self._healed = time.monotonic()
            self._report.seconds = self._healed - begun
            self._report.findings.stuck += await self._target.mended()
            # Each may still wait for an answer, and has to get it now.
            _, late = await asyncio.wait(tasks, timeout=plan.settling)
            for task in late:
                self._report.findings.stuck.append(f"{task.get_name()} still waits")
                task.cancel()

    async def settle(self) -> None:
        """Wait until every edit is answered and every client stands where the database does; the checker says the rest.

        Nobody is told to look again: the heads of a heartbeat have to do it (CL5). Pushed changes have to come again.
        """
        await self._until_settled()
        self._report.settled_after = time.monotonic() - self._healed
        self._report.findings.stuck += await deaf(
            [each for each in self.players if each.signed_in], self._plan.settling
        )
        await self._until_settled()

    async def _close(self) -> None:
        await asyncio.gather(*(player.close() for player in self.players))

    async def _until_settled(self) -> None:
        latest = time.monotonic() + self._plan.settling
        while time.monotonic() < latest:
            if await self._is_settled():
                break
            # What is in a database can only be looked at.
            await asyncio.sleep(_LOOK_SECONDS)

    async def check(self) -> Report:
        """Compare what was answered with the database and with what every client ended on."""
        ended = [player.ended() for player in self.players if player.signed_in]
        database = await asyncio.to_thread(read_database, self._target.query)
        report = self._report
        report.findings.add(check(list(self._history.attempts.values()), database, ended))
        report.faults, report.restarts = self._nemesis.injected, self._target.restarts
        report.deaths = sum(player.deaths for player in self.players)
        return report

    async def _is_settled(self) -> bool:
        spaces = await asyncio.to_thread(read_spaces, self._target.query)
        unpublished = await asyncio.to_thread(count_unpublished, self._target.query)
        wanted = {(space.id, space.epoch, space.head) for space in spaces}
        clients = [player.client for player in self.players if player.signed_in]
        places = {(key, head.epoch, head.head) for client in clients for key, head in client.heads.items()}
        return not unpublished and places == wanted and not any(client.status.unsent for client in clients)

    def _child(self) -> random.Random:
        """Return chance of somebody's own, so that nobody disturbs another's choices."""
        return random.Random(self._chance.getrandbits(64))  # noqa: S311 - repeatable


async def run(target: Target, plan: Plan, tell: Callable[[str], None]) -> Report:
    """Make chaos in a target that runs, and return what came of it."""
    async with Chaos(target, plan, tell) as chaos:
        await chaos.play()
        await chaos.settle()
        return await chaos.check()
