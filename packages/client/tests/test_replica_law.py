"""The law of the pure core: whatever is lost, repeated or late, a pull leads to the server's state (CL1 to CL7)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tandem_client.confirmed import Place, Standing, standing
from tandem_client.edits import Delete, Edit
from tandem_client.replica import BegunPull, Replica
from tandem_protocol.events import Actor, TaskEventType
from tandem_protocol.feed import Changes, SpaceChanges
from tandem_protocol.messages import Heads, SpaceHead, TaskUpdate
from tandem_protocol.tasks import Priority, Task, TaskPatch

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
USER = str(UUID(int=1, version=4))
SPACES = [str(UUID(int=number, version=4)) for number in (10, 11)]
TASKS = [str(UUID(int=number, version=4)) for number in range(100, 105)]
PAGE = 3


def task(task_id: str, space: str, seq: int, title: str) -> Task:
    return Task(
        id=task_id,
        user_id=USER,
        space=space,
        seq=seq,
        title=title,
        description="",
        completed=False,
        completed_at=None,
        priority=Priority.MEDIUM,
        due=None,
        created_at=MOMENT,
        updated_at=MOMENT,
    )


@dataclass
class History:
    """One space of a server: the log of its changes, ``None`` for a deletion."""

    epoch: str
    log: list[tuple[str, Task | None]] = field(default_factory=list[tuple[str, Task | None]])

    def since(self, seq: int) -> dict[str, tuple[int, Task | None]]:
        return {key: (place, now) for place, (key, now) in enumerate(self.log, 1) if place > seq}

    def live(self) -> dict[str, Task]:
        return {key: now for key, (_, now) in self.since(0).items() if now is not None}


class Server:
    """A model of the server: histories, and a feed in pages, each of which is a snapshot of its own."""

    def __init__(self) -> None:
        self.epochs = 0
        self.spaces = {space: History(self.new_epoch()) for space in SPACES}
        self.cursors: list[dict[str, tuple[str, int]]] = []

    def new_epoch(self) -> str:
        self.epochs += 1
        return str(UUID(int=1000 + self.epochs, version=4))

    def tasks(self) -> dict[str, Task]:
        return {key: now for history in self.spaces.values() for key, now in history.live().items()}

    def heads(self) -> Heads:
        return {key: SpaceHead(epoch=each.epoch, head=len(each.log)) for key, each in self.spaces.items()}

    def change(self, space: str, task_id: str, title: str | None, mutation: str) -> TaskUpdate:
        history = self.spaces[space]
        seq = len(history.log) + 1
        before = history.live().get(task_id)
        now = None if title is None else task(task_id, space, seq, title)
        history.log.append((task_id, now))
        kind = TaskEventType.CREATED if before is None else TaskEventType.UPDATED
        return TaskUpdate(
            event=TaskEventType.DELETED if now is None else kind,
            task=now or (before or task(task_id, space, seq, "gone")).model_copy(update={"seq": seq}),
            timestamp=MOMENT,
            space=space,
            epoch=history.epoch,
            seq=seq,
            actor=Actor(user_id=USER, name="Ada", device_id=USER, device="test"),
            mutation=mutation,
        )

    def page(self, cursor: str | None) -> Changes:
        known = self.cursors[int(cursor)] if cursor is not None else {}
        reached: dict[str, tuple[str, int]] = {}
        parts: list[SpaceChanges] = []
        more = False
        for space, history in self.spaces.items():
            epoch, seq = known.get(space, ("", 0))
            head = len(history.log)
            reset = epoch != history.epoch or seq > head
            seq = 0 if reset else seq
            new = sorted(history.since(seq).items(), key=lambda entry: entry[1][0])
            through = head if len(new) <= PAGE else new[PAGE - 1][1][0]
            more = more or through < head
            shown = {key: now for key, (place, now) in new if place <= through}
            reached[space] = (history.epoch, through)
            parts.append(
                SpaceChanges(
                    id=space,
                    epoch=history.epoch,
                    head=head,
                    through=through,
                    reset=reset,
                    tasks=[now for now in shown.values() if now is not None],
                    deleted=[key for key, now in shown.items() if now is None],
                )
            )
        self.cursors.append(reached)
        return Changes(cursor=str(len(self.cursors) - 1), more=more, spaces=parts)


class Law(RuleBasedStateMachine):
    """A server that is written to, a network that loses, repeats and delays, and a replica."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Server()
        self.replica = Replica()
        self.network: list[TaskUpdate] = []
        self.begun: BegunPull | None = None
        self.pages: list[Changes] = []
        self.keys = 0
        self.seen: dict[str, Task] = {}

    @initialize()
    def load(self) -> None:
        self.pull_whole()

    @rule(space=st.sampled_from(SPACES), which=st.integers(0, 4), title=st.none() | st.sampled_from("abc"))
    def change(self, space: str, which: int, title: str | None) -> None:
        """Somebody writes; each task stays in its space."""
        assume(which % 2 == SPACES.index(space))
        if title is None and TASKS[which] not in self.server.spaces[space].live():
            return
        self.network.append(self.server.change(space, TASKS[which], title, mutation="somebody else"))

    @rule(which=st.integers(0, 4), deletes=st.booleans(), arrives=st.booleans())
    def own_edit(self, which: int, deletes: bool, arrives: bool) -> None:  # noqa: FBT001
        """This client writes, and the answer arrives or is lost."""
        space, task_id = SPACES[which % 2], TASKS[which]
        if task_id not in self.replica.tasks or task_id not in self.server.spaces[space].live():
            return
        self.keys += 1
        key = f"key-{self.keys}"
        change = Delete() if deletes else TaskPatch(title=f"own {key}")
        self.replica.queue.add(Edit(key, task_id, USER, change, MOMENT))
        assert (task_id in self.replica.tasks) is not deletes, "an edit is shown at once"
        event = self.server.change(space, task_id, None if deletes else f"own {key}", key)
        self.network.append(event)
        if arrives:
            self.replica.queue.answer(key, Place(space, event.seq))
            self.replica.queue.settle(self.replica.spaces)

    @precondition(lambda self: bool(self.network))
    @rule(data=st.data(), keeps=st.booleans())
    def deliver(self, data: st.DataObject, keeps: bool) -> None:  # noqa: FBT001
        """Any event that was ever sent may come, and come again."""
        place = data.draw(st.integers(0, len(self.network) - 1))
        self.learn(self.replica.receive(self.network[place]).changes)
        if not keeps:
            del self.network[place]

    @precondition(lambda self: bool(self.network))
    @rule()
    def deliver_in_order(self) -> None:
        for event in sorted(self.network, key=lambda event: event.seq):
            self.learn(self.replica.receive(event).changes)
        self.network.clear()

    @precondition(lambda self: bool(self.network))
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        self.network.pop(data.draw(st.integers(0, len(self.network) - 1)))

    @precondition(lambda self: self.begun is None)
    @rule()
    def begin_pull(self) -> None:
        self.begun = self.replica.begin_pull()
        self.pages = [self.server.page(self.begun.feed)]

    @precondition(lambda self: self.begun is not None)
    @rule()
    def finish_pull(self) -> None:
        """What happened since the pull read is not in it."""
        assert self.begun is not None
        begun, self.begun = self.begun, None
        while self.pages[-1].more:
            self.pages.append(self.server.page(self.pages[-1].cursor))
        before = {key: (space.epoch, space.cursor) for key, space in self.replica.spaces.items()}
        learned = self.replica.finish_pull(begun, self.pages)
        self.learn(learned.changes)
        reset = {part.id for page in self.pages for part in page.spaces if part.reset}
        for key in before.keys() - reset:
            if begun.feed is not None and not learned.afresh:
                now = self.replica.spaces[key]
                assert (now.epoch, now.cursor) >= before[key], "CL6: a cursor goes back by a reset only"

    @precondition(lambda self: self.begun is not None)
    @rule()
    def fail_pull(self) -> None:
        self.replica.abandon_pull()
        self.begun = None

    @rule(space=st.sampled_from(SPACES), loses=st.integers(0, 4), rotates=st.booleans())
    def restore(self, space: str, loses: int, rotates: bool) -> None:  # noqa: FBT001
        """The database comes from a backup: everything is forgotten after some place (SP5)."""
        self.fail_pull_if_any()
        history = self.server.spaces[space]
        self.network = [event for event in self.network if event.space != space]
        if rotates:
            history.epoch = self.server.new_epoch()
            del history.log[max(0, len(history.log) - loses) :]

    @rule()
    def settle(self) -> None:
        """A pull that begins now ends where the server is (CL3)."""
        self.fail_pull_if_any()
        self.pull_whole()
        assert self.replica.confirmed == self.server.tasks()
        assert standing(self.replica.spaces, self.server.heads()) is Standing.LEVEL
        assert self.seen == self.server.tasks(), "the changes tell the same"
        assert not self.replica.waits

    @invariant()
    def what_is_answered_is_shown(self) -> None:
        """CL7: nothing flickers back to before an answered edit."""
        for edit in self.replica.queue:
            if edit.answer is not None and isinstance(edit.change, Delete):
                later = self.replica.queue.of(edit.task_id)[-1] is not edit
                assert later or edit.task_id not in self.replica.tasks

    @invariant()
    def events_and_feed_agree(self) -> None:
        """At each place that confirmed state says it has reached, it is what the server was there (CL3)."""
        for key, space in self.replica.spaces.items():
            history = self.server.spaces[key]
            if space.epoch == history.epoch and space.cursor <= len(history.log):
                then = History(history.epoch, history.log[: space.cursor])
                assert space.tasks == then.live()

    def fail_pull_if_any(self) -> None:
        if self.begun is not None:
            self.fail_pull()

    def pull_whole(self) -> None:
        for _ in range(2):
            begun = self.replica.begin_pull()
            pages = [self.server.page(begun.feed)]
            while pages[-1].more:
                pages.append(self.server.page(pages[-1].cursor))
            learned = self.replica.finish_pull(begun, pages)
            self.learn(learned.changes)
            if not learned.afresh:
                return
        raise AssertionError("a pull without a cursor is never contradicted")

    def learn(self, changes: list[Any]) -> None:
        for change in changes:
            if change.kind is TaskEventType.DELETED:
                self.seen.pop(change.task.id, None)
            else:
                self.seen[change.task.id] = change.task


TestLaw = Law.TestCase
TestLaw.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=timedelta(seconds=5), database=None, print_blob=True
)


@given(order=st.permutations(range(6)), again=st.lists(st.integers(0, 5), max_size=6))
def test_all_events_in_any_order_need_no_pull_cl2_cl3(order: list[int], again: list[int]) -> None:
    server, replica = Server(), Replica()
    begun = replica.begin_pull()
    replica.finish_pull(begun, [server.page(None)])
    events = [server.change(SPACES[0], TASKS[place % 3], "t" if place < 5 else None, "x") for place in range(6)]
    for number in [*order, *again]:
        replica.receive(events[number])
    assert replica.confirmed == server.tasks()
    assert not replica.waits


def test_own_event_answers_an_edit_whose_reply_was_lost_cl7() -> None:
    server, replica = Server(), Replica()
    server.change(SPACES[0], TASKS[0], "before", "x")
    replica.finish_pull(replica.begin_pull(), [server.page(None)])
    replica.queue.add(Edit("mine", TASKS[0], USER, TaskPatch(title="after"), MOMENT))
    learned = replica.receive(server.change(SPACES[0], TASKS[0], "after", "mine"))
    assert [change.own for change in learned.changes] == [True]
    assert learned.answers == {"mine": server.tasks()[TASKS[0]]}
    assert len(replica.queue) == 0


def test_database_behind_the_client_makes_it_pull_afresh_cl5_f22() -> None:
    """Its cursor still fits the restored database, only the events went past it."""
    server, replica = Server(), Replica()
    server.change(SPACES[0], TASKS[0], "kept", "x")
    replica.finish_pull(replica.begin_pull(), [server.page(None)])
    for number in range(3):
        replica.receive(server.change(SPACES[0], TASKS[0], f"lost {number}", "x"))
    del server.spaces[SPACES[0]].log[2:]
    assert standing(replica.spaces, server.heads()) is Standing.ASTRAY
    begun = replica.begin_pull()
    assert replica.finish_pull(begun, [server.page(begun.feed)]).afresh
    begun = replica.begin_pull()
    assert begun.feed is None
    replica.finish_pull(begun, [server.page(None)])
    assert replica.confirmed == server.tasks()
