"""Pulls the change feed, one pull at a time."""

import asyncio
from collections.abc import Callable

from tandem_client.errors import RefusedError, TandemError, is_transient, retry_after
from tandem_client.pace import Pace
from tandem_client.remote import Remote
from tandem_client.replica import Learned, Replica
from tandem_client.timing import Pause
from tandem_protocol.feed import Changes
from tandem_protocol.problems import ProblemCode


class Puller:
    """A pull that is asked for while one is under way follows it: the one under way may have read before."""

    def __init__(
        self,
        remote: Remote,
        replica: Replica,
        pace: Pace,
        random: Callable[[], float],
        pulled: Callable[[Learned], None],
    ) -> None:
        """Create it; ``pulled`` is called with what each whole pull taught."""
        self._remote = remote
        self._replica = replica
        self._pace = pace
        self._random = random
        self._pulled = pulled
        self._due = asyncio.Event()
        self._pause = Pause()
        self._failures = 0
        self.begun = 0
        """How many pulls have begun."""
        self.finished = 0
        """The number of the last pull that came through."""

    @property
    def is_due(self) -> bool:
        """Whether a pull was asked for that has not begun."""
        return self._due.is_set()

    def request(self) -> None:
        """Ask for a pull. While the server is being left alone after a failure, that next try is the one."""
        self._due.set()

    def kick(self) -> None:
        """Ask for a pull at once: there is reason to think that the server can be reached."""
        self._failures = 0
        self._pause.end()
        self.request()

    async def run(self) -> None:
        """Pull whenever it is asked for, for ever.

        Raises:
            SessionEndedError: The session is over.
        """
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self.pull()
            except TandemError as error:
                if not self._is_worth_a_try(error):
                    raise
                self._due.set()
                self._failures += 1
                wait = self._pace.wait(self._failures, self._random(), retry_after(error))
                await self._pause.wait(wait)
            else:
                self._failures = 0

    async def pull(self) -> None:
        """Pull once, from the cursor to the end of the feed, and again without a cursor if that has to be."""
        self.begun += 1
        number = self.begun
        learned = await self._attempt()
        if learned is None or learned.afresh:
            learned = await self._attempt() or Learned(afresh=True)
        if learned.afresh:
            self.request()
            return
        self.finished = number
        self._pulled(learned)

    async def _attempt(self) -> Learned | None:
        """Return what was learned; ``None`` when the cursor could not be read (FD5)."""
        begun = self._replica.begin_pull()
        try:
            pages = [await self._remote.changes(begun.feed)]
            while pages[-1].more:
                pages.append(await self._next(pages[-1]))
        except RefusedError as error:
            self._replica.abandon_pull()
            if error.code != ProblemCode.INVALID_CURSOR or begun.feed is None:
                raise
            self._replica.forget_cursor()
            return None
        except BaseException:
            self._replica.abandon_pull()
            raise
        return self._replica.finish_pull(begun, pages)

    async def _next(self, page: Changes) -> Changes:
        return await self._remote.changes(page.cursor)

    def _is_worth_a_try(self, error: TandemError) -> bool:
        # A refusal for good would be a fault of one of the two programs; a later version of the server may mend it.
        return is_transient(error) or isinstance(error, RefusedError)
