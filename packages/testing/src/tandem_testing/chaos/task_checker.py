"""Follows one task through its answers, in the order of their ``seq``, to its row."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from tandem_testing.chaos.database import Content, Row
from tandem_testing.chaos.documents import content_of, values_of
from tandem_testing.chaos.history import Attempt, Document

Answers = dict[int, list[tuple[Attempt, Document]]]
"""The answers about a task by their ``seq``; a document without a title answered a deletion."""
_FIELDS: Final = ("title", "description", "priority", "completed", "due")
_Maybe = Mapping[str, list[Any]]


def check_task(answers: Answers, doubts: Sequence[Attempt], row: Row | None) -> tuple[list[str], list[str]]:
    """Compare what was answered with what there is.

    Args:
        answers: To writes of this task.
        doubts: The writes of this task that nobody had an answer to.
        row: The task in the database.

    Returns:
        What was lost, and what was done though nobody asked for it.
    """
    if row is None:
        return ["is gone"], []
    maybe = _values(doubts)
    content, lost = _follow(answers, maybe)
    last = max(answers)
    if row.seq < last:
        lost.append(f"is at {row.seq}, {last} was answered")
    elif row.seq == last:
        lost += _differences(row, content, deleted=_document(answers[last]) is None)
    elif not doubts:
        return lost, [f"is at {row.seq}, and nobody changed it after {last}"]
    elif content is not None and not _leads_to(content, row.content, {}, maybe):
        lost.append(f"is {row.content}, after {content} and writes without an answer")
    return lost, []


def _follow(answers: Answers, maybe: _Maybe) -> tuple[Content | None, list[str]]:
    """Return what the last answer said, and which answers do not follow from those before them."""
    content: Content | None = None
    lost: list[str] = []
    for seq in sorted(answers):
        document = _document(answers[seq])
        if document is None:
            continue
        before, content = content, content_of(document)
        writes = [values_of(attempt.fields) for attempt, _ in answers[seq]]
        if before is not None and not any(_leads_to(before, content, fields, maybe) for fields in writes):
            lost.append(f"is {content} at {seq}, and was {before}: a field of an earlier write is gone")
    return content, lost


def _differences(row: Row, content: Content | None, *, deleted: bool) -> list[str]:
    found: list[str] = []
    if row.deleted is not deleted:
        found.append(f"is {'deleted' if row.deleted else 'there'}, which is not what was answered")
    if not deleted and row.content != content:
        found.append(f"is {row.content}, {content} was answered")
    return found


def _document(answers: Iterable[tuple[Attempt, Document]]) -> Document | None:
    return next((document for _, document in answers if "title" in document), None)


def _values(doubts: Iterable[Attempt]) -> dict[str, list[Any]]:
    """Return the values that writes without an answer may have given to each field."""
    values: dict[str, list[Any]] = defaultdict(list)
    for attempt in doubts:
        for name, value in values_of(attempt.fields).items():
            values[name].append(value)
    return values


def _leads_to(before: Content, after: Content, fields: Mapping[str, Any], maybe: _Maybe) -> bool:
    """Return whether a write of some fields leads from one state to the other (WR2)."""
    expected = replace(before, **fields)
    return (after.completed_at is not None) is after.completed and all(
        getattr(after, name) == getattr(expected, name) or getattr(after, name) in maybe.get(name, ())
        for name in _FIELDS
    )
