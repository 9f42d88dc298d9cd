"""WR4: a write under an Idempotency-Key is done at most once, whatever happens to its answer."""

import asyncio
from typing import TYPE_CHECKING

from tandem_testing.backend import BackendHarness

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

KEY = "0b6c3e2e-key"


async def test_wr4_repetition_answers_the_stored_answer(server: BackendHarness) -> None:
    """F6: the reply to a create was lost."""
    ada = await server.register()
    first = await ada.create(KEY, title="one")
    await ada.patch(first.json()["id"], title="changed meanwhile")
    server.clock.move(100)
    again = await ada.create(KEY, title="one")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len((await ada.tasks())["tasks"]) == 1
    assert len(await server.events()) == 2


async def test_wr4_every_kind_of_write_is_done_once(server: BackendHarness) -> None:
    ada = await server.register()
    task = (await ada.made())["id"]
    sends: list[Callable[[str], Awaitable[httpx.Response]]] = [
        lambda key: ada.patch(task, key, title="x"),
        lambda key: ada.post(task, "complete", key),
        lambda key: ada.delete(task, key),
        lambda key: ada.post(task, "restore", key),
    ]
    for number, send in enumerate(sends):
        first, again = await send(f"key-{number}"), await send(f"key-{number}")
        assert first.json()["seq"] == number + 2
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["idempotency-replayed"] == "true"
    assert len(await server.events()) == 5


async def test_wr4_concurrent_repetitions_have_one_effect(server: BackendHarness) -> None:
    ada = await server.register()
    task = await ada.made()
    creates = await asyncio.gather(*(ada.create(KEY, title="once") for _ in range(12)))
    patches = await asyncio.gather(*(ada.patch(task["id"], KEY + "2", title="y") for _ in range(12)))
    assert {reply.status_code for reply in creates} == {201}
    assert {reply.status_code for reply in patches} == {200}
    for replies in (creates, patches):
        assert len({reply.content for reply in replies}) == 1
        assert sum("idempotency-replayed" not in reply.headers for reply in replies) == 1
    assert [event["seq"] for event in await server.events()] == [1, 2, 3]


async def test_wr4_refusals_are_repeated_too(server: BackendHarness) -> None:
    ada = await server.register()
    task = await ada.made()
    await ada.delete(task["id"])
    first = await ada.patch(task["id"], KEY, title="x")
    await ada.post(task["id"], "restore")
    again = await ada.patch(task["id"], KEY, title="x")
    assert (first.status_code, first.json()["code"]) == (410, "task_deleted")
    assert (again.status_code, again.content) == (410, first.content)
    assert again.headers["content-type"] == first.headers["content-type"] == "application/problem+json"
    assert again.headers["idempotency-replayed"] == "true"


async def test_wr4_key_of_another_request_is_refused(server: BackendHarness) -> None:
    ada = await server.register()
    task, other = await ada.made(), await ada.made()
    await ada.patch(task["id"], KEY, title="x")
    for reply in (
        await ada.patch(task["id"], KEY, title="y"),
        await ada.patch(other["id"], KEY, title="x"),
        await ada.patch(task["id"], KEY, title="x", completed=True),
        await ada.create(KEY, title="x"),
        await ada.delete(task["id"], KEY),
        await ada.post(task["id"], "complete", KEY),
    ):
        assert (reply.status_code, reply.json()["code"]) == (422, "idempotency_key_reused")
    assert (await ada.patch(task["id"], KEY, title="x")).json()["seq"] == 3
    assert len(await server.events()) == 3


async def test_wr4_keys_belong_to_a_user(server: BackendHarness) -> None:
    ada, bob = await server.register(), await server.register("bob@example.com")
    of_ada = await ada.create(KEY, title="mine")
    of_bob = await bob.create(KEY, title="secret")
    assert of_bob.json()["title"] == "secret"
    assert of_bob.json()["id"] != of_ada.json()["id"]


async def test_wr4_key_of_the_users_other_device_is_the_same_key(server: BackendHarness) -> None:
    ada = await server.register()
    other = await server.login()
    first = await ada.create(KEY)
    assert (await other.create(KEY)).content == first.content


async def test_wr4_answer_is_no_way_round_an_ended_session(server: BackendHarness) -> None:
    """AU5."""
    ada, other = await server.register(), await server.login()
    await ada.create(KEY)
    await other.call("POST", "/api/auth/logout-all")
    assert (await ada.create(KEY)).json()["code"] == "session_ended"


async def test_wr4_keys_outlive_tombstones(server: BackendHarness) -> None:
    """F8: an old create that is sent again after its task was deleted and purged makes no second task."""
    ada = await server.register()
    first = await ada.create(KEY, title="x")
    await ada.delete(first.json()["id"])
    server.clock.move(40 * 24 * 3600)
    await ada.refresh()
    await server.backend.janitor.purge()
    assert (await ada.create(KEY, title="x")).content == first.content
    assert (await ada.tasks())["tasks"] == []
    server.clock.move(51 * 24 * 3600)
    await server.backend.janitor.purge()
    again = await server.login()
    assert "idempotency-replayed" not in (await again.create(KEY, title="x")).headers


async def test_events_carry_the_key_as_the_name_of_the_edit(server: BackendHarness) -> None:
    """CL13's server half: by it a client knows its own edit."""
    ada = await server.register()
    await ada.create(KEY)
    await ada.create()
    first, second = await server.events()
    assert first["mutation"] == KEY
    assert second["mutation"] == second["event_id"]
    assert first["actor"]["device_id"] == ada.session_id
