"""The independent checker: what was answered, what the database holds and what every client ended on.

It shares no code with the client's merging. Order comes from the ``seq`` of the answers alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tandem_testing.chaos.database import Database, Row, SpaceRow
from tandem_testing.chaos.documents import content_of
from tandem_testing.chaos.history import Attempt, Document
from tandem_testing.chaos.task_checker import Answers, check_task


@dataclass(frozen=True, slots=True)
class Ended:
    """What a client ended on: its tasks, how far it has read each space, and how many edits have no answer."""

    name: str
    user: str
    tasks: Mapping[str, Document]
    heads: Mapping[str, tuple[str, int]]
    unsent: int


@dataclass(slots=True)
class Findings:
    """What is wrong; all four are empty when nothing is."""

    lost: list[str] = field(default_factory=list[str])
    """Writes that were answered, and are not there."""
    doubled: list[str] = field(default_factory=list[str])
    """Changes that nobody asked for, or that were done more than once."""
    diverged: list[str] = field(default_factory=list[str])
    """Clients that show something else than the database."""
    stuck: list[str] = field(default_factory=list[str])
    """What did not come to an end."""

    def add(self, others: "Findings") -> None:
        """Add what was found elsewhere."""
        self.lost += others.lost
        self.doubled += others.doubled
        self.diverged += others.diverged
        self.stuck += others.stuck

    def __bool__(self) -> bool:
        """Whether there is something."""
        return bool(self.lost or self.doubled or self.diverged or self.stuck)

    def __str__(self) -> str:
        """Return the counts, and the beginning of each list."""
        parts = {"lost": self.lost, "doubled": self.doubled, "diverged": self.diverged, "stuck": self.stuck}
        counts = ", ".join(f"{name} {len(found)}" for name, found in parts.items())
        return "\n  ".join([counts, *(f"{name}: {text}" for name, found in parts.items() for text in found[:10])])


def check(attempts: Sequence[Attempt], database: Database, clients: Sequence[Ended]) -> Findings:
    """Compare the three."""
    findings = Findings()
    rows = {(row.space, row.id): row for row in database.tasks}
    spaces = {space.id: space for space in database.spaces}
    known = _by_place(attempts, findings)
    _check_answers(attempts, findings)
    _check_places(attempts, known, spaces, findings)
    _check_rows(attempts, known, rows, spaces, findings)
    for client in clients:
        _check_client(client, database, findings)
    if database.unpublished:
        findings.stuck.append(f"{database.unpublished} events were never published")
    return findings


Place = tuple[str, int]
_Known = dict[Place, list[tuple[Attempt, Document]]]


def _by_place(attempts: Sequence[Attempt], findings: Findings) -> _Known:
    """Return what was answered, by space and ``seq``. Two tasks at one place cannot be (SP2)."""
    known: _Known = defaultdict(list)
    for attempt in attempts:
        for document in attempt.known:
            known[document["space"], document["seq"]].append((attempt, document))
    for place, answers in known.items():
        if len({document["id"] for _, document in answers}) > 1:
            findings.doubled.append(f"two tasks were answered with place {place}")
        contents = {content_of(document) for _, document in answers if "title" in document}
        if len(contents) > 1:
            findings.doubled.append(f"two states were answered with place {place}")
    return known


def _check_answers(attempts: Sequence[Attempt], findings: Findings) -> None:
    """A key has one answer, however often it was asked under it (WR4), and the client told its user the same."""
    for attempt in attempts:
        answers = [document for i, document in enumerate(attempt.done) if document not in attempt.done[:i]]
        if len(answers) > 1:
            findings.doubled.append(f"key {attempt.key} was answered with different things: {answers}")
        if attempt.done and attempt.refused:
            findings.doubled.append(f"key {attempt.key} was answered and refused")
        if attempt.told_refused and (attempt.done or attempt.told is not None):
            findings.lost.append(f"key {attempt.key} was done, and its user was told that it was refused")
        if attempt.told is not None and attempt.refused and not attempt.done and not attempt.exists:
            findings.lost.append(f"key {attempt.key} was refused, and its user was told that it was done")


def _check_places(
    attempts: Sequence[Attempt], known: _Known, spaces: Mapping[str, SpaceRow], findings: Findings
) -> None:
    """Each place was made by one write, and those that nobody was told of by writes that had no answer."""
    answered: dict[str, set[int]] = defaultdict(set)
    for space, seq in known:
        answered[space].add(seq)
    doubts: dict[str, int] = defaultdict(int)
    for attempt in attempts:
        doubts[attempt.user] += attempt.in_doubt
    heads: dict[str, int] = defaultdict(int)
    places: dict[str, int] = defaultdict(int)
    for space in spaces.values():
        heads[space.user] += space.head
        places[space.user] += len(answered[space.id])
        if answered[space.id] and max(answered[space.id]) > space.head:
            findings.lost.append(f"space {space.id} is at {space.head}, {max(answered[space.id])} was answered")
    for user, head in heads.items():
        surplus = head - places[user] - doubts[user]
        if surplus > 0:
            findings.doubled.append(f"user {user} has {surplus} changes more than writes that can have made them")
    findings.lost.extend(f"space {space} of place {seq} does not exist" for space, seq in known if space not in spaces)


def _check_rows(
    attempts: Sequence[Attempt],
    known: _Known,
    rows: Mapping[tuple[str, str], Row],
    spaces: Mapping[str, SpaceRow],
    findings: Findings,
) -> None:
    histories: dict[tuple[str, str], Answers] = defaultdict(dict)
    for (space, seq), answers in known.items():
        histories[space, answers[0][1]["id"]][seq] = answers
    doubts: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if attempt.in_doubt and attempt.task is not None:
            doubts[attempt.task].append(attempt)
    for place, history in histories.items():
        lost, doubled = check_task(history, doubts[place[1]], rows.get(place))
        findings.lost += [f"task {place[1]} {text}" for text in lost]
        findings.doubled += [f"task {place[1]} {text}" for text in doubled]
    asked = {attempt.task for attempt in attempts if attempt.kind == "create"}
    unnamed: dict[str, int] = defaultdict(int)
    for place, row in rows.items():
        if place not in histories and row.id not in asked:
            unnamed[spaces[row.space].user] += 1
    for user, count in unnamed.items():
        doubted = sum(each.in_doubt and each.task is None and each.user == user for each in attempts)
        if count > doubted:
            findings.doubled.append(f"user {user} has {count - doubted} tasks that nobody made")


def _check_client(client: Ended, database: Database, findings: Findings) -> None:
    if client.unsent:
        findings.stuck.append(f"{client.name} has {client.unsent} edits without an answer")
    spaces = {space.id: (space.epoch, space.head) for space in database.spaces if space.user == client.user}
    if client.heads != spaces:
        findings.stuck.append(f"{client.name} is at {client.heads}, the database at {spaces}")
    live = {row.id: (row.seq, row.content) for row in database.tasks if not row.deleted and row.space in spaces}
    shown = {key: (document["seq"], content_of(document)) for key, document in client.tasks.items()}
    wrong = [key for key in live.keys() | shown.keys() if live.get(key) != shown.get(key)]
    if wrong:
        examples = [(shown.get(key), live.get(key)) for key in wrong[:2]]
        findings.diverged.append(f"{client.name} shows {len(wrong)} tasks wrongly, such as {examples}")
