"""Random histories against a simple model: whatever happens, list, feed and events agree (SP, WR, FD, EV, CL3)."""

import asyncio
import copy
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tandem_backend.settings import BackendSettings
from tandem_backend.storage import spaces, tombstones
from tandem_backend.storage.locate import prepare_database
from tandem_protocol.strategies import patches, titles
from tandem_testing.backend import BackendHarness, Device, backend_harness, settings_for
from tandem_testing.feed_reader import FeedReader

NAMED = ("title", "description", "priority", "completed", "due")


class BackendModel(RuleBasedStateMachine):
    """Ada's list, what a model says it is, readers that pull now and then, and a follower of the events."""

    readers = Bundle("readers")
    open_settings: BackendSettings | None = None
    server: BackendHarness
    ada: Device

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.live: dict[str, dict[str, Any]] = {}
        self.deleted: dict[str, dict[str, Any]] = {}
        self.purged: set[str] = set()
        self.seq = 0
        self.made = 0
        self.sent: list[tuple[str, str, str, dict[str, Any] | None, httpx.Response]] = []

    def new_id(self) -> str:
        """The same in each run of the same history, so that Hypothesis can shrink it; ids of users do not meet."""
        self.made += 1
        return f"0193e2a4-0000-7000-8000-{self.made:012x}"

    def do(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    @initialize()
    def begin(self) -> None:
        async def enter() -> tuple[BackendHarness, Device]:
            given = self.open_settings
            if given is None:
                folder = self.stack.enter_context(tempfile.TemporaryDirectory())
                given = settings_for(Path(folder))
                prepare_database(given)
            # Longer than the thirty steps of a history take by their clock.
            given = given.model_copy(update={"access_token_seconds": 3600})
            server = await self.stack.enter_async_context(backend_harness(given))
            return server, await server.register(f"{uuid4()}@example.com")

        self.server, self.ada = self.do(enter())

    def teardown(self) -> None:
        self.do(self.stack.aclose())
        self.runner.close()

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        key = self.new_id()
        reply = self.do(self.ada.call(method, path, key, json=body))
        self.sent.append((method, path, key, body, reply))
        return reply

    def choose(self, data: st.DataObject, *groups: Any) -> str:
        known = sorted(task for group in groups for task in group)
        return data.draw(st.sampled_from(known)) if known else self.new_id()

    def expect_change(self, reply: httpx.Response) -> dict[str, Any]:
        self.seq += 1
        assert reply.is_success, reply.text
        assert reply.json()["seq"] == self.seq
        return reply.json()

    def expect_absent(self, task: str, reply: httpx.Response) -> None:
        code = "task_deleted" if task in self.deleted else "task_not_found"
        assert reply.json()["code"] == code

    @rule(title=titles, seconds=st.integers(-5, 60))
    def create(self, title: str, seconds: int) -> None:
        self.server.clock.move(seconds)
        task = self.expect_change(self.send("POST", "tasks", {"id": self.new_id(), "title": title}))
        assert task["title"] == title
        self.live[task["id"]] = task

    @rule(data=st.data(), body=patches)
    def patch(self, data: st.DataObject, body: dict[str, Any]) -> None:
        task = self.choose(data, self.live, self.deleted, self.purged)
        reply = self.send("PATCH", f"tasks/{task}", body)
        if task not in self.live:
            self.expect_absent(task, reply)
            return
        wanted = {**self.live[task], **body}
        if all(wanted[name] == self.live[task][name] for name in NAMED):
            assert reply.json() == self.live[task]
            return
        found = self.expect_change(reply)
        assert {name: found[name] for name in NAMED} == {name: wanted[name] for name in NAMED}
        self.live[task] = found

    @rule(data=st.data())
    def complete(self, data: st.DataObject) -> None:
        task = self.choose(data, self.live, self.deleted)
        reply = self.send("POST", f"tasks/{task}/complete")
        if task not in self.live:
            self.expect_absent(task, reply)
        elif self.live[task]["completed"]:
            assert reply.json() == self.live[task]
        else:
            self.live[task] = self.expect_change(reply)
            assert self.live[task]["completed"]

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        task = self.choose(data, self.live, self.deleted)
        reply = self.send("DELETE", f"tasks/{task}")
        if task in self.live:
            gone = self.expect_change(reply)
            self.deleted[task] = {**self.live.pop(task), "seq": gone["seq"]}
        elif task in self.deleted:
            assert reply.json()["seq"] == self.deleted[task]["seq"]
        else:
            self.expect_absent(task, reply)

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        task = self.choose(data, self.live, self.deleted, self.purged)
        reply = self.send("POST", f"tasks/{task}/restore")
        if task in self.deleted:
            found = self.expect_change(reply)
            before = self.deleted.pop(task)
            assert found == before | {"seq": found["seq"], "updated_at": found["updated_at"]}
            self.live[task] = found
        elif task in self.live:
            assert reply.json() == self.live[task]
        else:
            self.expect_absent(task, reply)

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """WR4."""
        if self.sent:
            method, path, key, body, before = data.draw(st.sampled_from(self.sent))
            reply = self.do(self.ada.call(method, path, key, json=body))
            assert (reply.status_code, reply.content) == (before.status_code, before.content)

    @rule()
    def purge(self) -> None:
        before = int(self.server.clock.now * 1000) + 3_600_000
        self.do(
            self.server.backend.context.database.write(lambda connection: tombstones.purge(connection, before, 1000))
        )
        self.purged |= set(self.deleted)
        self.deleted = {}

    @rule()
    def rotate_epochs(self) -> None:
        context = self.server.backend.context
        self.do(context.database.write(lambda connection: spaces.rotate_epochs(connection, context.new_id)))

    @rule(target=readers)
    def begin_to_read(self) -> FeedReader:
        return FeedReader()

    @rule(target=readers, reader=consumes(readers))
    def copy_a_reader(self, reader: FeedReader) -> Any:
        """A device that sleeps from here on, beside one that goes on."""
        return multiple(reader, copy.deepcopy(reader))

    @rule(reader=readers, limit=st.integers(1, 4), pages=st.integers(1, 3))
    def read_some_pages(self, reader: FeedReader, limit: int, pages: int) -> None:
        for _ in range(pages):
            reader.take(self.do(self.ada.changes(reader.cursor, limit)))

    @rule(reader=readers, limit=st.sampled_from([1, 2, 1000]))
    def read_to_the_end(self, reader: FeedReader, limit: int) -> None:
        while reader.take(self.do(self.ada.changes(reader.cursor, limit))):
            pass
        assert reader.tasks() == self.live

    @invariant()
    def list_is_what_the_model_says(self) -> None:
        if hasattr(self, "ada"):
            assert {task["id"]: task for task in self.do(self.ada.tasks())["tasks"]} == self.live

    @invariant()
    def events_applied_are_the_list(self) -> None:
        """CL3's server half, and EV2: one event for each seq, in their order."""
        if hasattr(self, "ada"):
            events = [event for event in self.do(self.server.events()) if event["user_id"] == self.ada.user_id]
            assert [event["seq"] for event in events] == list(range(1, self.seq + 1))
            held: dict[str, Any] = {}
            for event in events:
                if event["event_type"] == "task.deleted":
                    held.pop(event["task"]["id"])
                else:
                    held[event["task"]["id"]] = event["task"]
            assert held == self.live


def run(machine: type[BackendModel], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


def test_random_histories_on_sqlite() -> None:
    run(BackendModel, 15)


@pytest.mark.postgres
def test_random_histories_on_postgres(postgres_settings: BackendSettings) -> None:
    """All examples share one database, each with a user of its own."""
    run(type("PostgresModel", (BackendModel,), {"open_settings": postgres_settings}), 10)
