"""One run: players edit while faults happen; then everything is mended, and the checker looks."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

import httpx

from tandem_testing.backend import PASSWORD
from tandem_testing.chaos.checker import Findings, check
from tandem_testing.chaos.database import Query, count_unpublished, read_database, read_spaces
from tandem_testing.chaos.faults import Nemesis
from tandem_testing.chaos.history import History
from tandem_testing.chaos.players import Budget, Player
from tandem_testing.chaos.posters import Poster
from tandem_testing.chaos.targets import Target

_LOOK_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of everything."""

    seed: int
    seconds: float
    """At most that long are edits made."""
    edits: int
    users: int = 10
    devices: int = 5
    """Of each user."""
    think: float = 0.25
    """Seconds between two edits of a device, on average."""
    dies: float = 0.002
    """How likely a device dies after an edit."""
    lanes: int = 2
    """Faults at once."""
    pause: float = 1.0
    """Seconds between two faults of a lane, on average."""
    settling: float = 120.0
    """How long it may take until all clients have everything, after the last fault."""


@dataclass(slots=True)
class Report:
    """What came of a run."""

    plan: Plan
    findings: Findings
    history: History
    faults: dict[str, int] = field(default_factory=dict[str, int])
    deaths: int = 0
    seconds: float = 0.0
    settled_after: float = 0.0

    def __str__(self) -> str:
        """Return it in words."""
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        history = self.history
        doubts = sum(attempt.in_doubt for attempt in history.attempts.values())
        return (
            f"seed {self.plan.seed}: {len(history.attempts)} edits in {history.tries} tries by "
            f"{self.plan.users * self.plan.devices} clients, {doubts} without an answer, {self.deaths} devices died, "
            f"{sum(self.faults.values())} faults in {self.seconds:.0f} s, settled {self.settled_after:.1f} s later\n"
            f"  faults: {faults}\n  {self.findings}"
        )


async def run(target: Target, plan: Plan, tell: Callable[[str], None]) -> Report:
    """Make chaos in a target that runs, and return what came of it.

    Raises:
        Exception: A client or the injection of a fault failed, which is no finding but a mistake.
    """
    chance = random.Random(plan.seed)  # noqa: S311 - repeatable
    history = History()
    async with AsyncExitStack() as stack:
        emails = await _accounts(target.url, plan)
        players = [
            Player(f"{email}/{device}", target.url, email, history, _child(chance))
            for email in emails
            for device in range(plan.devices)
        ]
        posters = [Poster(target.url, email, history, _child(chance)) for email in emails]
        for player in players:
            stack.push_async_callback(player.close)
        await asyncio.gather(*(player.start() for player in players))
        nemesis = Nemesis(target.faults, _child(chance), tell)
        budget = Budget(plan.edits)
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(nemesis.run(plan.lanes, plan.pause))
            playing = [group.create_task(player.play(budget, plan.think, plan.dies)) for player in players]
            playing += [group.create_task(poster.play(budget, 4 * plan.think)) for poster in posters]
            group.create_task(_until_over(playing, plan.seconds, budget, nemesis))
        report = Report(plan, Findings(), history, dict(nemesis.injected), seconds=time.monotonic() - begun)
        await target.mended()
        begun = time.monotonic()
        await _settled(players, target.query, plan.settling)
        report.settled_after = time.monotonic() - begun
        report.deaths = sum(player.deaths for player in players)
        ended = [player.ended() for player in players]
        database = await asyncio.to_thread(read_database, target.query)
        report.findings = check(list(history.attempts.values()), database, ended)
        return report


async def _until_over(playing: list[asyncio.Task[None]], seconds: float, budget: Budget, nemesis: Nemesis) -> None:
    """Stop the faults when all edits have been made or the time is over."""
    await asyncio.wait(playing, timeout=seconds)
    budget.left = 0
    nemesis.stop()


async def _settled(players: list[Player], query: Query, seconds: float) -> None:
    """Wait until every edit is answered and every client stands where the database does; the checker says the rest.

    Nobody is told to look again: the heads of a heartbeat have to do it (CL5).
    """

    def is_settled(places: set[tuple[str, str, int]], unpublished: int) -> bool:
        at = {(key, head.epoch, head.head) for player in players for key, head in player.client.heads.items()}
        return not unpublished and at == places and not any(player.client.status.unsent for player in players)

    try:
        async with asyncio.timeout(seconds):
            while True:
                spaces = await asyncio.to_thread(read_spaces, query)
                unpublished = await asyncio.to_thread(count_unpublished, query)
                if is_settled({(space.id, space.epoch, space.head) for space in spaces}, unpublished):
                    return
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        return


async def _accounts(url: str, plan: Plan) -> list[str]:
    emails = [f"user{number}@{plan.seed}.example" for number in range(plan.users)]
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        for email in emails:
            reply = await client.post("/api/auth/register", json={"email": email, "password": PASSWORD})
            reply.raise_for_status()
    return emails


def _child(chance: random.Random) -> random.Random:
    return random.Random(chance.getrandbits(64))  # noqa: S311 - repeatable
