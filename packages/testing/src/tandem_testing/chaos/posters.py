"""Scripts without a client: they make tasks without an id, and only the ``Idempotency-Key`` keeps these single."""

import asyncio
import random
import time
from typing import Final
from uuid import UUID

import httpx

from tandem_client.errors import TandemError, is_transient
from tandem_client.http import Http
from tandem_client.session import Session, enter
from tandem_protocol.accounts import Login
from tandem_protocol.tasks import TaskCreate
from tandem_testing.backend import PASSWORD
from tandem_testing.chaos.history import History, RecordingTransport
from tandem_testing.chaos.players import Budget, before_next_try

_ANSWER_SECONDS: Final = 5.0


class Poster:
    """Asks again and again under one key until there is an answer, often when there was one already."""

    def __init__(self, url: str, email: str, history: History, chance: random.Random) -> None:
        """Create it; ``email`` is of an account that is there."""
        self.name = f"{email}'s script"
        self._url = url
        self._email = email
        self._history = history
        self._chance = chance

    async def play(self, budget: Budget, think: float) -> None:
        """Make tasks until the budget is spent, ``think`` seconds apart on average."""
        transport = RecordingTransport(self._history)
        async with httpx.AsyncClient(base_url=self._url, timeout=_ANSWER_SECONDS, transport=transport) as client:
            http = Http(client)
            session = await self._sign_in(http)
            while budget.take():
                await self._make(http, session)
                await asyncio.sleep(self._chance.expovariate(1 / think))

    async def _sign_in(self, http: Http) -> Session:
        tries = 0
        while True:
            try:
                authenticated = await enter(http, "login", Login(email=self._email, password=PASSWORD))
            except TandemError as error:
                await asyncio.sleep(before_next_try(error, tries, self._chance))
                tries += 1
            else:
                return Session(http, authenticated, time.monotonic)

    async def _make(self, http: Http, session: Session) -> None:
        key = str(UUID(int=self._chance.getrandbits(128), version=4))
        body = TaskCreate(title=f"posted {self._chance.randrange(2**32):x}")
        wanted = self._chance.choice([1, 1, 2])
        while wanted:
            try:
                token = await session.token()
                await http.call("POST", f"/api/{session.user.id}/tasks", token=token, key=key, body=body)
                wanted -= 1
            except TandemError as error:
                if not is_transient(error):
                    raise
                await asyncio.sleep(self._chance.uniform(0.1, 0.5))
