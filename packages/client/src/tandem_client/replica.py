"""This client's copy of the server's state. It knows nothing of sockets, requests or time."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tandem_client.changes import Change, difference
from tandem_client.confirmed import Place, Space
from tandem_client.edits import apply
from tandem_client.pull import PulledSpace, fold
from tandem_client.queue import EditQueue
from tandem_protocol.events import TaskEventType
from tandem_protocol.feed import Changes
from tandem_protocol.messages import TaskUpdate
from tandem_protocol.tasks import Task, TaskDeleted

_EventPlace = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class BegunPull:
    """What was known when a pull began: the feed's cursor, each space's, and the edits that had been answered."""

    feed: str | None
    cursors: dict[str, int]
    answered: frozenset[str]


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of an event or a pull."""

    changes: list[Change] = field(default_factory=list[Change])
    answers: dict[str, Task | TaskDeleted] = field(default_factory=dict[str, Task | TaskDeleted])
    """What events answered to pending edits by carrying their keys."""
    afresh: bool = False
    """The client has to pull once more, without a cursor (CL5)."""


class Replica:
    """Confirmed state, the events that wait for one before them, and the pending edits (CL1).

    Whatever is told here, in whatever order and how often, leads to the server's state as soon as a pull is
    through (CL3).
    """

    def __init__(self) -> None:
        """Create one that knows nothing."""
        self.spaces: dict[str, Space] = {}
        self.queue = EditQueue()
        self.feed: str | None = None
        """The feed's opaque cursor (FD5). No space stands behind it, some may be ahead."""
        self.loaded = False
        """Whether a whole pull has been applied."""
        self._held: dict[_EventPlace, TaskUpdate] = {}
        self._since_pull: dict[_EventPlace, TaskUpdate] | None = None

    @property
    def confirmed(self) -> dict[str, Task]:
        """Return the live tasks by id, as the server said."""
        return {key: task for space in self.spaces.values() for key, task in space.tasks.items()}

    @property
    def tasks(self) -> dict[str, Task]:
        """Return confirmed state with the pending edits applied in their order (CL1)."""
        shown = self.confirmed
        for key in self.queue.task_ids:
            task = shown.pop(key, None)
            for edit in self.queue.of(key):
                task = apply(task, edit)
            if task is not None:
                shown[key] = task
        return shown

    @property
    def waits(self) -> bool:
        """Whether events wait for one that has not come (CL2)."""
        return bool(self._held)

    def receive(self, event: TaskUpdate) -> Learned:
        """Take a pushed event (CL2)."""
        place = (event.space, event.epoch, event.seq)
        if self._since_pull is not None:
            self._since_pull[place] = event
        space = self.spaces.get(event.space)
        if space is not None and space.epoch == event.epoch and event.seq <= space.cursor:
            return Learned()
        self._held[place] = event
        learned = Learned()
        if space is not None and space.epoch == event.epoch:
            self._advance(event.space, space, learned)
        self.queue.settle(self.spaces)
        return learned

    def begin_pull(self) -> BegunPull:
        """Note what is known when a pull begins. Only one pull may be under way."""
        self._since_pull = {}
        return BegunPull(self.feed, {key: space.cursor for key, space in self.spaces.items()}, self.queue.answered)

    def finish_pull(self, begun: BegunPull, pages: Sequence[Changes]) -> Learned:
        """Apply a whole pull (CL6), and then the events that came while it was under way.

        Whatever the events told that were held before is in the pull: what it does not explain belongs to a history
        that is gone.
        """
        pulled = fold(pages)
        if any(self._is_another_history(begun, key, changes) for key, changes in pulled.items()):
            self.feed = None
            self.abandon_pull()
            return Learned(afresh=True)
        before, since = self.spaces, self._since_pull or {}
        self.feed, self.loaded, self._held, self._since_pull = pages[-1].cursor, True, {}, None
        self.spaces = {}
        changed: list[Change | None] = []
        for key, changes in pulled.items():
            known = before.get(key)
            if changes.reset or begun.feed is None or known is None:
                self.spaces[key] = Space(changes.epoch, changes.through, changes.live())
                changed += _differences(known.tasks if known else {}, self.spaces[key].tasks)
            else:
                self.spaces[key] = known
                changed += _merge(known, changes)
        for key in before.keys() - pulled.keys():
            changed += _differences(before[key].tasks, {})
        learned = Learned([self._as_own(change) for change in changed if change is not None])
        # An edit that was answered before the pull is in it, also where a restored database has lost it (CL7, FD3).
        self.queue.drop(begun.answered)
        self.queue.settle(self.spaces)
        for event in since.values():
            after = self.receive(event)
            learned.changes.extend(after.changes)
            learned.answers.update(after.answers)
        return learned

    def abandon_pull(self) -> None:
        """Note that a pull came to nothing."""
        self._since_pull = None

    def forget_cursor(self) -> None:
        """Forget the feed's cursor, which the server could not read (FD5); what is shown stays until the next pull."""
        self.feed = None

    def _is_another_history(self, begun: BegunPull, key: str, changes: PulledSpace) -> bool:
        """Return whether the server's history is not the one known here, though the feed's cursor fitted it.

        The feed does not see it while its own cursor, which events do not move, is below a restored head.
        """
        if changes.reset or begun.feed is None:
            return False
        space = self.spaces.get(key)
        return space is None or space.epoch != changes.epoch or changes.head < begun.cursors.get(key, 0)

    def _advance(self, key: str, space: Space, learned: Learned) -> None:
        while (event := self._held.pop((key, space.epoch, space.cursor + 1), None)) is not None:
            space.cursor += 1
            gone = event.event is TaskEventType.DELETED
            if gone:
                space.tasks.pop(event.task.id, None)
            else:
                space.tasks[event.task.id] = event.task
            own = event.mutation in self.queue
            learned.changes.append(Change(event.event, event.task, event.actor, own))
            # The event is the edit's answer too, and often the earlier one: it is done even if the reply is lost.
            if self.queue.answer(event.mutation, Place(event.space, event.seq)):
                deleted = TaskDeleted(id=event.task.id, space=event.space, seq=event.seq)
                learned.answers[event.mutation] = deleted if gone else event.task

    def _as_own(self, change: Change) -> Change:
        place = Place(change.task.space, change.task.seq)
        return replace(change, own=any(edit.answer == place for edit in self.queue.of(change.task.id)))


def _merge(space: Space, pulled: PulledSpace) -> list[Change | None]:
    """Take of a pull what is newer (CL6)."""
    if pulled.through <= space.cursor:
        return []
    space.cursor = pulled.through
    changed: list[Change | None] = []
    for key, task in pulled.changes.items():
        before = space.tasks.pop(key, None)
        changed.append(difference(before, task))
        if task is not None:
            space.tasks[key] = task
    return changed


def _differences(before: dict[str, Task], after: dict[str, Task]) -> list[Change | None]:
    return [difference(before.get(key), after.get(key)) for key in before.keys() | after.keys()]
