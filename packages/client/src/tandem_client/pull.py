"""The pages of a pull, taken together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tandem_protocol.feed import Changes, SpaceChanges
from tandem_protocol.tasks import Task


@dataclass(slots=True)
class PulledSpace:
    """What a whole pull says of a space; ``changes`` has the latest state by id, ``None`` for a deletion."""

    epoch: str
    head: int
    through: int
    reset: bool
    changes: dict[str, Task | None] = field(default_factory=dict[str, Task | None])

    def live(self) -> dict[str, Task]:
        """Return the tasks that are there."""
        return {key: task for key, task in self.changes.items() if task is not None}


def fold(pages: Sequence[Changes]) -> dict[str, PulledSpace]:
    """Fold the pages of a pull, the last of which says that there are no more.

    Each page is a snapshot of its own, so a task may be on two of them: the later page wins. A reset on a page drops
    what earlier ones said of the space.
    """
    folded: dict[str, PulledSpace] = {}
    for page in pages:
        for part in page.spaces:
            folded[part.id] = _fold_space(folded.get(part.id), part)
    return folded


def _fold_space(before: PulledSpace | None, part: SpaceChanges) -> PulledSpace:
    if part.reset or before is None or before.epoch != part.epoch:
        before = PulledSpace(part.epoch, part.head, part.through, part.reset)
    before.head = part.head
    before.through = part.through
    before.changes |= dict.fromkeys(part.deleted)
    before.changes |= {task.id: task for task in part.tasks}
    return before
