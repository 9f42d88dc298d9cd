"""What is written can be read again, and is what the JSON Schema promises."""

import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from tandem_protocol import strategies
from tandem_protocol.accounts import Register
from tandem_protocol.base import format_timestamp
from tandem_protocol.events import SessionRevoked, TaskEvent
from tandem_protocol.feed import Changes, SpaceChanges
from tandem_protocol.limits import DESCRIPTION_MAX, TITLE_MAX
from tandem_protocol.messages import Hello, Ping, SpaceHead, TaskUpdate
from tandem_protocol.schema import json_schema
from tandem_protocol.tasks import Task, TaskCreate, TaskPatch

seqs = st.integers(1, 2**53 - 1)
space_changes = st.builds(
    SpaceChanges,
    id=strategies.ids,
    epoch=strategies.ids,
    head=seqs,
    through=seqs,
    tasks=st.lists(strategies.tasks, max_size=2),
    deleted=st.lists(strategies.ids, max_size=2),
)
task_updates = strategies.task_events.map(
    lambda event: TaskUpdate(
        event=event.event_type,
        task=event.task,
        timestamp=event.timestamp,
        space=event.space,
        epoch=event.epoch,
        seq=event.seq,
        actor=event.actor,
        mutation=event.mutation,
    )
)
documents: st.SearchStrategy[BaseModel] = st.one_of(
    strategies.tasks,
    strategies.task_events,
    task_updates,
    st.builds(Changes, spaces=st.lists(space_changes, max_size=2)),
    st.builds(
        SessionRevoked,
        event_type=st.just("session.revoked"),
        event_id=strategies.ids,
        user_id=strategies.ids,
        sessions=st.lists(strategies.ids, max_size=3),
        timestamp=strategies.moments,
    ),
    st.builds(
        Hello,
        type=st.just("hello"),
        protocol=st.integers(1, 9),
        connection_id=strategies.ids,
        heartbeat_interval=st.floats(0.1, 600),
        token_expires_at=strategies.moments,
    ),
    st.builds(
        Ping,
        type=st.just("ping"),
        heads=st.none()
        | st.dictionaries(strategies.ids, st.builds(SpaceHead, epoch=strategies.ids, head=seqs), max_size=3),
    ),
    st.builds(
        TaskCreate,
        id=st.none() | strategies.ids,
        space=st.none() | strategies.ids,
        title=strategies.titles,
        description=strategies.descriptions,
        priority=strategies.priorities,
        due=strategies.dues,
    ),
)
VALIDATORS = {
    name: jsonschema_rs.validator_for({**json_schema(), "$ref": f"#/$defs/{name}"}, validate_formats=True)
    for name in json_schema()["$defs"]
}


@given(documents)
def test_round_trip(document: BaseModel) -> None:
    text = document.model_dump_json()
    assert type(document).model_validate_json(text) == document
    VALIDATORS[type(document).__name__].validate(json.loads(text))


@given(strategies.patches)
def test_patches_are_valid_and_name_what_they_change(patch: dict[str, object]) -> None:
    """WR2."""
    VALIDATORS["TaskPatch"].validate(patch)
    assert TaskPatch.model_validate_json(json.dumps(patch)).model_fields_set == patch.keys()


def test_patch_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="names no field"):
        TaskPatch.model_validate({})


@given(strategies.moments)
def test_timestamps_are_utc_with_milliseconds(moment: object) -> None:
    task = Task.model_construct(created_at=moment)
    text: str = json.loads(task.model_dump_json(include={"created_at"}, warnings="none"))["created_at"]
    assert text == format_timestamp(task.created_at)
    assert len(text) == len("2025-12-31T12:00:00.000Z")
    assert text.endswith("Z")


@pytest.mark.parametrize("text", ["2025-12-31T12:00:00", "2025-12-31", "yesterday"])
def test_a_moment_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TaskCreate.model_validate({"title": "x", "due": {"kind": "instant", "at": text, "zone": "Europe/Vienna"}})


def test_a_due_instant_keeps_its_zone_and_a_due_day_has_none() -> None:
    instant = {"kind": "instant", "at": "2026-02-28T10:00:00+01:00", "zone": "Europe/Vienna"}
    task = TaskCreate.model_validate({"title": "x", "due": instant})
    assert json.loads(task.model_dump_json())["due"] == {**instant, "at": "2026-02-28T09:00:00.000Z"}
    with pytest.raises(ValidationError, match="IANA"):
        TaskCreate.model_validate({"title": "x", "due": {**instant, "zone": "Europe/Atlantis"}})


def test_lengths_count_code_points_after_stripping() -> None:
    wide = "\N{GRINNING FACE}"
    assert TaskCreate(title=f"  {wide * TITLE_MAX}\n").title == wide * TITLE_MAX
    with pytest.raises(ValidationError):
        TaskCreate(title=wide * (TITLE_MAX + 1))
    assert TaskCreate(title="x", description=wide * DESCRIPTION_MAX)
    with pytest.raises(ValidationError):
        TaskCreate(title="x", description=wide * (DESCRIPTION_MAX + 1))


@pytest.mark.parametrize("title", ["two\nlines", "nul\x00", "escape\x1b[2J", "del\x7f", "   ", "lone \ud800"])
def test_titles_that_no_screen_can_show_are_refused(title: str) -> None:
    with pytest.raises(ValidationError):
        TaskCreate(title=title)


def test_addresses_that_look_alike_are_one_account() -> None:
    assert Register(email=" Ada@Example.ORG ", password="correct horse").email == "ada@example.org"
    assert Register(email="\uff21da@example.org", password="correct horse").email == "ada@example.org"


@given(strategies.task_events)
def test_an_event_holds_the_task_as_it_is_sent(event: TaskEvent) -> None:
    """WS1: the task of an event can be handed on as it is."""
    assert json.loads(event.model_dump_json())["task"] == json.loads(event.task.model_dump_json())
