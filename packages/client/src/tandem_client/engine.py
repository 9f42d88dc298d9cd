"""Keeps a replica in step with the server: joins the connection, the pulls and the queue of edits."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import random as any_random
from typing import Any, Final
from weakref import WeakSet

from tandem_client.changes import ChangeStream
from tandem_client.confirmed import Standing, has_reached, standing
from tandem_client.connection import Connection
from tandem_client.edits import Change, Edit
from tandem_client.errors import RefusedError, SessionEndedError, StoppedError
from tandem_client.pace import Pace
from tandem_client.puller import Puller
from tandem_client.remote import Remote
from tandem_client.renewal import Tokens
from tandem_client.replica import Learned, Replica
from tandem_client.sender import Sender, place_of
from tandem_client.sockets import OpenSocket
from tandem_client.status import Phase, SetAside, Status
from tandem_client.timing import Deadline
from tandem_protocol.messages import Heads, Ping, ServerMessage, TaskUpdate
from tandem_protocol.tasks import Task, TaskCreate, TaskDeleted

Outcome = Task | TaskDeleted | Exception
"""What became of an edit: the server's answer, or why there is none."""
_SET_ASIDE_KEPT: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All that the engine does not do itself."""

    user_id: str
    remote: Remote
    tokens: Tokens
    open_socket: OpenSocket
    pace: Pace = field(default_factory=Pace)
    random: Callable[[], float] = any_random
    """From 0 to 1."""


class Engine:
    """A client's inside. Everything from outside comes in by `Ports`."""

    def __init__(self, ports: Ports) -> None:
        """Create it; nothing happens until `run`."""
        self.replica = Replica()
        self.set_aside: list[SetAside] = []
        """The newest edits that were refused for good (CL9)."""
        self._ports = ports
        self._phase, self._reason = Phase.CONNECTING, ""
        self._push = False
        self._end: Exception | None = None
        self._outcomes: dict[str, asyncio.Future[Outcome]] = {}
        # A stream that nobody reads any more is gone by itself.
        self._streams: WeakSet[ChangeStream] = WeakSet()
        self._changed = asyncio.Event()
        self._heads: Heads = {}
        pace = ports.pace
        self._puller = Puller(ports.remote, self.replica, pace, ports.random, self._pulled)
        self._sender = Sender(ports.remote, self.replica.queue, pace, ports.random, self._answered, self._refused)
        self._connection = Connection(ports.tokens, ports.open_socket, pace, ports.random, self)
        self._gap = Deadline(pace.gap, self._puller.request)
        self._late = Deadline(pace.event, self._puller.request)
        self._short = Deadline(pace.gap, self._pull_if_short)

    @property
    def status(self) -> Status:
        """Return an honest word."""
        return Status(self._phase, self._reason, self.replica.queue.unanswered)

    @property
    def pulls(self) -> int:
        """Return how many pulls have begun."""
        return self._puller.begun

    async def run(self) -> None:
        """Keep in step until the session ends; say so to all who wait."""
        try:
            await _first_to_fail(self._connection.run(), self._puller.run(), self._sender.run())
        except SessionEndedError as error:
            self._finish(error, str(error))
        except asyncio.CancelledError:
            self._finish(StoppedError("the client was closed"), "closed")
            raise
        except BaseException as error:
            self._finish(StoppedError(f"the client has failed: {error!r}"), "failed")
            raise

    def edit(self, key: str, task_id: str, change: Change) -> asyncio.Future[Outcome]:
        """Take an edit, show it and send it; return what will become of it."""
        if self._end is not None:
            raise self._end
        edit = Edit(key, task_id, self._ports.user_id, change, datetime.now(UTC))
        outcome = self._outcomes[key] = asyncio.get_running_loop().create_future()
        self.replica.queue.add(edit)
        self._sender.wake(task_id)
        self._notify()
        return outcome

    def stream(self) -> ChangeStream:
        """Return the changes from now on."""
        stream = ChangeStream()
        self._streams.add(stream)
        return stream

    def retry_now(self) -> None:
        """Try everything at once."""
        self._connection.kick()
        self._reachable()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds; it is looked at whenever something has changed.

        Raises:
            SessionEndedError: The session is over, and it does not hold.
            StoppedError: The client was closed, and it does not hold.
        """
        while not condition():
            if self._end is not None:
                raise self._end
            await self._changed.wait()

    async def synced(self) -> None:
        """Wait until every edit so far is answered and shown, and a pull that begins now is through."""
        await self.until(lambda: self.replica.queue.unanswered == 0)
        wanted = self._puller.begun + 1
        self._puller.request()
        await self.until(lambda: self._puller.finished >= wanted and len(self.replica.queue) == 0)

    # What the connection tells (see `tandem_client.connection.Listener`).

    def opened(self) -> None:
        """Pull now that the socket is open: nothing falls between (CL4)."""
        self._push = True
        self._reachable()

    def failed(self) -> None:
        """Pull without push."""
        self._puller.request()

    def phase_changed(self, phase: Phase, reason: str) -> None:
        """Say where the connection is."""
        self._push = phase is Phase.CATCHING_UP
        self._set_phase(phase, reason)

    def heard(self, message: ServerMessage) -> None:
        """Take a message."""
        if isinstance(message, TaskUpdate):
            self._learned(self.replica.receive(message))
        elif isinstance(message, Ping) and message.heads is not None and self.replica.loaded:
            self._compare(message.heads)
        self._notify()

    def _compare(self, heads: Heads) -> None:
        match standing(self.replica.spaces, heads):
            case Standing.LEVEL:
                pass
            case Standing.SHORT:
                # The heartbeat may have overtaken the events, which say who did it.
                self._heads = heads
                self._short.arm()
            case Standing.ASTRAY:
                self._puller.request()

    def _pull_if_short(self) -> None:
        if not has_reached(self.replica.spaces, self._heads):
            self._puller.request()

    def _reachable(self) -> None:
        self._puller.kick()
        self._sender.kick()

    def _pulled(self, learned: Learned) -> None:
        if self._phase is Phase.CATCHING_UP and not self._puller.is_due:
            self._set_phase(Phase.LIVE, "")
        self._learned(learned)

    def _learned(self, learned: Learned) -> None:
        for change in learned.changes:
            for stream in self._streams:
                stream.add(change)
        for key, answer in learned.answers.items():
            self._resolve(key, answer)
        if not self.replica.queue.answered:
            self._late.cancel()
        # Before the first pull is through every event waits, and it is under way.
        if not self.replica.waits:
            self._gap.cancel()
        elif self.replica.loaded:
            self._gap.arm()
        self._notify()

    def _answered(self, edit: Edit, answer: Task | TaskDeleted) -> None:
        queue = self.replica.queue
        queue.answer(edit.key, place_of(answer))
        queue.settle(self.replica.spaces)
        if queue.answered:
            # Without push the event never comes; with it, it is on its way.
            if self._push:
                self._late.arm()
            else:
                self._puller.request()
        self._resolve(edit.key, answer)

    def _refused(self, edit: Edit, error: RefusedError) -> None:
        queue = self.replica.queue
        # A task that was never made cannot be changed: what was done to it goes with it.
        lost = queue.of(edit.task_id) if isinstance(edit.change, TaskCreate) else [edit]
        queue.drop([each.key for each in lost])
        for each in lost:
            self.set_aside.append(SetAside(each.key, each.task_id, error.code, error.detail))
            self._resolve(each.key, error)
        del self.set_aside[:-_SET_ASIDE_KEPT]

    def _resolve(self, key: str, outcome: Outcome) -> None:
        future = self._outcomes.pop(key, None)
        if future is not None and not future.done():
            future.set_result(outcome)
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _set_phase(self, phase: Phase, reason: str) -> None:
        self._phase, self._reason = phase, reason
        self._notify()

    def _finish(self, error: Exception, reason: str) -> None:
        self._end = error
        self._phase, self._reason = Phase.ENDED, reason
        for deadline in (self._gap, self._late, self._short):
            deadline.cancel()
        for stream in self._streams:
            stream.end(error if isinstance(error, SessionEndedError) else None)
        for key in list(self._outcomes):
            self._resolve(key, error)
        self._notify()


async def _first_to_fail(*works: Coroutine[Any, Any, None]) -> None:
    """Run things side by side until one fails, and raise what it raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
