"""Hypothesis strategies for the wire format, for the tests of every package."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from hypothesis import strategies as st

from tandem_protocol.events import Actor, TaskEvent, TaskEventType
from tandem_protocol.ids import uuid7
from tandem_protocol.limits import DESCRIPTION_MAX, TITLE_MAX
from tandem_protocol.tasks import DueDay, DueInstant, Priority, Task


def _id(unix_ms: int, random: bytes) -> str:
    return uuid7(unix_ms, lambda _: random)


ids = st.builds(_id, st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
moments = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - Hypothesis wants naive bounds
    max_value=datetime(2999, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda moment: moment - timedelta(microseconds=moment.microsecond % 1000))
titles = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=TITLE_MAX).map(str.strip).filter(bool)
)
descriptions = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=min(DESCRIPTION_MAX, 200)
)
priorities = st.sampled_from(Priority)
due_days = st.builds(DueDay, date=st.dates())
due_instants = st.builds(DueInstant, at=moments, zone=st.sampled_from(sorted(available_timezones())))
dues = st.none() | due_days | due_instants
tasks = st.builds(
    Task,
    id=ids,
    user_id=ids,
    space=ids,
    seq=st.integers(1, 2**53 - 1),
    title=titles,
    description=descriptions,
    completed=st.booleans(),
    completed_at=st.none() | moments,
    priority=priorities,
    due=dues,
    created_at=moments,
    updated_at=moments,
)
actors = st.builds(Actor, user_id=ids, name=titles, device_id=ids, device=titles)
task_events = st.builds(
    TaskEvent,
    event_type=st.sampled_from(TaskEventType),
    event_id=ids,
    user_id=ids,
    task=tasks,
    space=ids,
    epoch=ids,
    seq=st.integers(1, 2**53 - 1),
    timestamp=moments,
    actor=actors,
    mutation=titles,
    audience=st.lists(ids, max_size=3),
)
patches: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "title": titles,
        "description": descriptions,
        "priority": priorities.map(str),
        "completed": st.booleans(),
        "due": dues.map(lambda due: None if due is None else due.model_dump(mode="json")),
    },
).filter(bool)
"""Bodies of PATCH requests."""
