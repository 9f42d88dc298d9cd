"""Clients that edit at random, each the published Python client on a device of its own."""

import asyncio
import itertools
import random
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any, Final

from tandem_client import Options, Pace, RefusedError, Tandem, TandemError, Task, TaskDeleted, Write
from tandem_client.errors import retry_after
from tandem_testing.backend import PASSWORD
from tandem_testing.chaos.checker import Ended
from tandem_testing.chaos.history import History, RecordingTransport

_UNSENT_MAX: Final = 10
"""A player with so many edits on their way waits: nobody types on for minutes."""
_LIVE_MAX: Final = 60
"""With so many tasks in the list a player rather deletes than adds."""
_FORGOTTEN_MAX: Final = 20
_PACE: Final = Pace(backoff=(0.25, 0.5, 1.0, 2.0), answer=5.0, opening=5.0, closing=0.0)
_SIGN_IN_BACKOFF: Final = (0.5, 1.0, 2.0, 4.0)
_DUES: Final[tuple[Any, ...]] = (
    None,
    {"kind": "day", "date": "2026-02-28"},
    {"kind": "instant", "at": "2026-03-29T01:30:00Z", "zone": "Europe/Vienna"},
)


@dataclass(slots=True)
class Budget:
    """How many edits all players may still make."""

    left: int

    def take(self) -> bool:
        """Take one, if there is one."""
        self.left -= 1
        return self.left >= 0


def before_next_try(error: TandemError, tries: int, chance: random.Random) -> float:
    """Return how long somebody waits who could not sign in: a password is work, so that haste makes it worse."""
    return max(retry_after(error), _SIGN_IN_BACKOFF[min(tries, len(_SIGN_IN_BACKOFF) - 1)] * chance.uniform(0.5, 1.5))


class Player:
    """A device of a user, which dies now and then and is replaced by another one."""

    def __init__(
        self,
        name: str,
        url: str,
        email: str,
        history: History,
        chance: random.Random,
        transport: type[RecordingTransport] = RecordingTransport,
    ) -> None:
        """Create it.

        Args:
            name: For reports.
            url: The server.
            email: Of an account that is there.
            history: Where writes are noted.
            chance: Its own, so that players do not disturb each other's choices.
            transport: How its requests travel.
        """
        self.name = name
        self.deaths = 0
        self._url = url
        self._email = email
        self._history = history
        self._chance = chance
        self._transport = transport
        self._recording = transport(history)
        self._client: Tandem | None = None
        self._stack = AsyncExitStack()
        self._watching: set[asyncio.Task[None]] = set()
        self._forgotten: list[str] = []

    @property
    def signed_in(self) -> bool:
        """Whether it has a client."""
        return self._client is not None

    @property
    def pulls(self) -> int:
        """Return how often its device of now has asked the feed."""
        return self._recording.pulls

    @property
    def client(self) -> Tandem:
        """Return its client of now."""
        if self._client is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._client

    async def start(self) -> None:
        """Sign in, as often as it takes."""
        for tries in itertools.count():
            self._recording = self._transport(self._history)
            options = Options(pace=_PACE, transport=self._recording)
            client = Tandem.connect(self._url, email=self._email, password=PASSWORD, options=options)
            try:
                await self._stack.enter_async_context(client)
            except TandemError as error:
                await asyncio.sleep(before_next_try(error, tries, self._chance))
            else:
                self._client = client
                return

    async def play(self, budget: Budget, think: float, dies: float) -> None:
        """Edit until the budget is spent.

        Args:
            budget: Shared by all players.
            think: Seconds between edits, on average.
            dies: How likely the device dies after an edit.
        """
        while budget.take():
            await self.client.until(lambda: self.client.status.unsent < _UNSENT_MAX)
            self._edit()
            await asyncio.sleep(self._chance.expovariate(1 / think))
            if self._chance.random() < dies:
                await self.die()

    async def die(self) -> None:
        """End without a word, whatever is unsent, and come back as another device."""
        self.deaths += 1
        await self.close()
        await self.start()

    async def close(self) -> None:
        """End without waiting for anything."""
        with suppress(TandemError):
            await self._stack.aclose()
        await asyncio.gather(*self._watching)
        self._client = None

    def ended(self) -> Ended:
        """Return what it ended on."""
        return Ended(
            self.name,
            self.client.user.id,
            {key: task.model_dump(mode="json") for key, task in self.client.tasks.items()},
            {key: (head.epoch, head.head) for key, head in self.client.heads.items()},
            self.client.status.unsent,
        )

    def add(self) -> str:
        """Make a task; return its id."""
        write = self.client.add(self._words(), description=self._words(), due=self._chance.choice(_DUES))
        self._watch(write)
        return write.task_id

    def _edit(self) -> None:
        tasks = self.client.tasks
        verbs: list[tuple[int, Any]] = [(25 if len(tasks) < _LIVE_MAX else 1, self.add)]
        if tasks:
            task = self._chance.choice(list(tasks))
            verbs += [(50, lambda: self._patch(task)), (10, lambda: self._delete(task))]
        if self._forgotten:
            verbs.append((5, self._restore))
        weights, actions = zip(*verbs, strict=True)
        self._chance.choices(actions, weights)[0]()

    def _patch(self, task: str) -> None:
        fields: dict[str, Any] = {
            "title": self._words(),
            "description": self._words(),
            "completed": self._chance.choice([True, False]),
            "priority": self._chance.choice(["low", "medium", "high", "urgent"]),
            "due": self._chance.choice(_DUES),
        }
        names = self._chance.sample(sorted(fields), self._chance.randint(1, 2))
        self._watch(self.client.patch(task, **{name: fields[name] for name in names}))

    def _delete(self, task: str) -> None:
        self._forgotten = [*self._forgotten, task][-_FORGOTTEN_MAX:]
        self._watch(self.client.delete(task))

    def _restore(self) -> None:
        self._watch(self.client.restore(self._chance.choice(self._forgotten)))

    def _words(self) -> str:
        return f"{self.name} {self._chance.randrange(2**32):x}"

    def _watch(self, write: Write[Task] | Write[TaskDeleted]) -> None:
        """Note what the client tells its user of a write."""
        watching = asyncio.create_task(self._note(write))
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)

    async def _note(self, write: Write[Task] | Write[TaskDeleted]) -> None:
        try:
            told = await write
        except RefusedError:
            # One that was never sent, because its task was never made, is not in the history.
            if (attempt := self._history.attempts.get(write.key)) is not None:
                attempt.told_refused = True
        except TandemError:
            # The device died, and nobody was told anything.
            return
        else:
            self._history.attempts[write.key].told = told.model_dump(mode="json")
