"""A reader of the change feed, as simple as the rules allow: it folds pages into a copy of the list."""

from typing import Any


class FeedReader:
    """Folds pages of the feed (FD3, FD6). It asks nobody; a test hands it the answers."""

    def __init__(self) -> None:
        """Begin without a cursor."""
        self.cursor: str | None = None
        self.copy: dict[str, dict[str, dict[str, Any]]] = {}
        self.resets = 0
        self._named: set[str] = set()

    def take(self, page: dict[str, Any]) -> bool:
        """Fold a page in, and return whether there is another one."""
        for space in page["spaces"]:
            self._named.add(space["id"])
            if space["reset"]:
                self.resets += 1
            held = {} if space["reset"] else self.copy.get(space["id"], {})
            for task in space["tasks"]:
                held[task["id"]] = task
            for task_id in space["deleted"]:
                held.pop(task_id, None)
            self.copy[space["id"]] = held
        self.cursor = page["cursor"]
        if not page["more"]:
            self.copy = {space: held for space, held in self.copy.items() if space in self._named}
            self._named = set()
        return bool(page["more"])

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Return what the reader believes the list is, by id."""
        return {task_id: task for held in self.copy.values() for task_id, task in held.items()}
