"""Changes of confirmed state, for whoever follows them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from tandem_protocol.events import Actor, TaskEventType
from tandem_protocol.tasks import Task


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a task.

    ``task`` is the task afterwards, for a deletion as it last was. ``actor`` is who did it, ``None`` where it was
    learned from the change feed, which does not say. ``own`` tells this client's own edits (CL13).
    """

    kind: TaskEventType
    task: Task
    actor: Actor | None = None
    own: bool = False


def difference(before: Task | None, after: Task | None) -> Change | None:
    """Return what became of a task, ``None`` for nothing."""
    if after is None:
        return None if before is None else Change(TaskEventType.DELETED, before)
    if before is None:
        return Change(TaskEventType.CREATED, after)
    if before == after:
        return None
    was_completed = after.completed and not before.completed
    return Change(TaskEventType.COMPLETED if was_completed else TaskEventType.UPDATED, after)


class ChangeStream(AsyncIterator[Change]):
    """Changes as they come. Those of one task are merged while nobody takes them, so it cannot grow without bound."""

    def __init__(self) -> None:
        """Create it; nothing has changed."""
        self._waiting: dict[str, Change] = {}
        self._come = asyncio.Event()
        self._end: Exception | None = None

    def add(self, change: Change) -> None:
        """Take a change."""
        before = self._waiting.get(change.task.id)
        is_new = before is not None and before.kind is TaskEventType.CREATED
        if is_new and change.kind is not TaskEventType.DELETED:
            change = replace(change, kind=TaskEventType.CREATED)
        self._waiting[change.task.id] = change
        self._come.set()

    def end(self, reason: Exception | None) -> None:
        """End it after what has come; ``reason`` is raised then."""
        self._end = reason or StopAsyncIteration()
        self._come.set()

    async def __anext__(self) -> Change:
        """Wait for a change.

        Raises:
            SessionEndedError: There will be no more.
        """
        while not self._waiting:
            if self._end is not None:
                raise self._end
            self._come.clear()
            await self._come.wait()
        return self._waiting.pop(next(iter(self._waiting)))
