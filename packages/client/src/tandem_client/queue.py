"""The pending edits (CL1): those on their way, and those that confirmed state does not show yet."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tandem_client.confirmed import Place, Space
from tandem_client.edits import Edit


class EditQueue:
    """Edits in the order in which they were made. It does no input or output."""

    def __init__(self) -> None:
        """Create an empty one."""
        self._edits: dict[str, Edit] = {}
        self._keys: dict[str, list[str]] = {}
        self._answered: set[str] = set()

    def __iter__(self) -> Iterator[Edit]:
        """Go through them in their order."""
        return iter(self._edits.values())

    def __len__(self) -> int:
        """Return how many there are, answered ones included."""
        return len(self._edits)

    def __contains__(self, key: object) -> bool:
        """Return whether an edit is in it."""
        return key in self._edits

    @property
    def unanswered(self) -> int:
        """Return how many the server has not answered."""
        return len(self._edits) - len(self._answered)

    @property
    def answered(self) -> frozenset[str]:
        """Return the keys of those that wait for confirmed state to show them (CL7)."""
        return frozenset(self._answered)

    @property
    def task_ids(self) -> Iterable[str]:
        """Return the tasks that have edits."""
        return self._keys.keys()

    def of(self, task_id: str) -> list[Edit]:
        """Return a task's edits."""
        return [self._edits[key] for key in self._keys.get(task_id, ())]

    def next(self, task_id: str) -> Edit | None:
        """Return the edit of a task that may be on its way now: the first that is not answered (CL8)."""
        return next((edit for edit in self.of(task_id) if edit.answer is None), None)

    def awaits_answer(self, key: str) -> bool:
        """Return whether an edit is in the queue and not answered."""
        return key in self._edits and key not in self._answered

    def add(self, edit: Edit) -> None:
        """Put an edit behind the others."""
        self._edits[edit.key] = edit
        self._keys.setdefault(edit.task_id, []).append(edit.key)

    def answer(self, key: str, place: Place) -> bool:
        """Note an answer, be it the server's or an event that carries the key; return whether it is the first."""
        if not self.awaits_answer(key):
            return False
        self._edits[key] = replace(self._edits[key], answer=place)
        self._answered.add(key)
        return True

    def settle(self, spaces: Mapping[str, Space]) -> None:
        """Take out the answered edits whose change confirmed state shows (CL7)."""
        self.drop([key for key in self._answered if _is_shown(self._edits[key].answer, spaces)])

    def drop(self, keys: Iterable[str]) -> None:
        """Take edits out, whatever their state."""
        for key in keys:
            edit = self._edits.pop(key, None)
            if edit is None:
                continue
            self._answered.discard(key)
            keys_of_task = self._keys[edit.task_id]
            keys_of_task.remove(key)
            if not keys_of_task:
                del self._keys[edit.task_id]


def _is_shown(place: Place | None, spaces: Mapping[str, Space]) -> bool:
    space = spaces.get(place.space) if place else None
    return place is not None and space is not None and space.cursor >= place.seq
