"""Sends the pending edits: those of a task in their order, different tasks side by side (CL8)."""

import asyncio
from collections.abc import Callable
from typing import Final

from tandem_client.confirmed import Place
from tandem_client.edits import Edit
from tandem_client.errors import RefusedError, TandemError, concerns_all, is_transient, retry_after
from tandem_client.pace import Pace
from tandem_client.queue import EditQueue
from tandem_client.remote import Remote
from tandem_client.timing import Pause
from tandem_protocol.problems import ProblemCode
from tandem_protocol.tasks import Task, TaskCreate, TaskDeleted

_AT_ONCE: Final = 16
"""Requests on their way; the others wait for their turn and not for a connection."""


class Sender:
    """A worker for each task that has edits to send."""

    def __init__(
        self,
        remote: Remote,
        queue: EditQueue,
        pace: Pace,
        random: Callable[[], float],
        answered: Callable[[Edit, Task | TaskDeleted], None],
        refused: Callable[[Edit, RefusedError], None],
    ) -> None:
        """Create it; ``answered`` and ``refused`` are called with what became of each edit."""
        self._remote = remote
        self._queue = queue
        self._pace = pace
        self._random = random
        self._answered = answered
        self._refused = refused
        self._added: asyncio.Queue[str] = asyncio.Queue()
        self._working: set[str] = set()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._pause = Pause()
        self._pauses = 0
        self._resting = False

    def wake(self, task_id: str) -> None:
        """Note that a task has an edit to send."""
        if task_id not in self._working:
            self._working.add(task_id)
            self._added.put_nowait(task_id)

    def kick(self) -> None:
        """Try everything at once: there is reason to think that the server can be reached."""
        self._pauses = 0
        self._resting = False
        self._pause.end()

    async def run(self) -> None:
        """Send what there is to send, for ever.

        Raises:
            SessionEndedError: The session is over.
        """
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    group.create_task(self._work(await self._added.get()))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from errors

    async def _work(self, task_id: str) -> None:
        while (edit := self._queue.next(task_id)) is not None:
            await self._settle(edit)
        self._working.discard(task_id)

    async def _settle(self, edit: Edit) -> None:
        """Try until there is an answer."""
        failures = 0
        while self._queue.awaits_answer(edit.key):
            if self._resting:
                # The server is left alone: what it would say to this edit it said to another one.
                await self._pause.wait(self._pace.backoff[-1])
                continue
            try:
                async with self._turns:
                    answer = await self._write(edit)
            except TandemError as error:
                if is_transient(error):
                    failures += 1
                    await self._leave_alone(error, failures)
                elif isinstance(error, RefusedError):
                    self._refuse(edit, error)
                else:
                    raise
            else:
                self._pauses = 0
                if self._queue.awaits_answer(edit.key):
                    self._answered(edit, answer)

    def _refuse(self, edit: Edit, error: RefusedError) -> None:
        # An event may have told meanwhile that an earlier try was done.
        if self._queue.awaits_answer(edit.key):
            self._refused(edit, error)

    async def _write(self, edit: Edit) -> Task | TaskDeleted:
        try:
            return await self._remote.write(edit)
        except RefusedError as error:
            if error.code != ProblemCode.TASK_EXISTS or not isinstance(edit.change, TaskCreate):
                raise
            exists = error
        # The id is ours alone, so an earlier try made the task (CL10).
        try:
            return await self._remote.find(edit.task_id)
        except RefusedError as error:
            if is_transient(error):
                raise
            raise exists from error

    async def _leave_alone(self, error: TandemError, failures: int) -> None:
        """Wait before the next try; when nothing is answered, all wait together (CL9)."""
        if not concerns_all(error):
            await self._pause.wait(self._pace.wait(failures, self._random(), retry_after(error)))
            return
        if self._resting:
            # Edits that were sent side by side fail together, which is one failure.
            return
        self._resting = True
        self._pauses += 1
        await self._pause.wait(self._pace.wait(self._pauses, self._random(), retry_after(error)))
        if self._resting:
            self._resting = False
            self._pause.end()


def place_of(answer: Task | TaskDeleted) -> Place:
    """Return where a write is."""
    return Place(answer.space, answer.seq)
