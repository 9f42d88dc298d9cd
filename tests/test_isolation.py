"""A second user sees nothing of the first, by no way (WR7, HS2, EV6, FD1)."""

import pytest
from websockets.exceptions import InvalidStatus

from tandem_testing.client import fetch, following, socket_url
from tandem_testing.server import TandemServer
from tandem_testing.sockets import connect_with


async def test_another_users_path_and_tasks_wr7(running: TandemServer) -> None:
    ada, eve = await running.register(), await running.register("eve@example.com")
    task = await ada.made(title="private")
    ways = [("GET", "", None), ("PATCH", "", {"title": "mine"}), ("DELETE", "", None)]
    ways += [("POST", f"/{verb}", None) for verb in ("complete", "restore")]
    for method, rest, body in ways:
        theirs = await eve.call(method, f"/api/{ada.user_id}/tasks/{task['id']}{rest}", json=body)
        assert (theirs.status_code, theirs.json()["code"]) == (403, "forbidden")
        own = await eve.call(method, f"tasks/{task['id']}{rest}", json=body)
        assert (own.status_code, own.json()["code"]) == (404, "task_not_found")
        assert "private" not in theirs.text + own.text
    for path in ("tasks", "changes"):
        assert (await eve.call("GET", f"/api/{ada.user_id}/{path}")).status_code == 403
    into_her_list = await eve.create(title="smuggled", space=task["space"])
    assert (into_her_list.status_code, into_her_list.json()["code"]) == (404, "space_not_found")
    assert list(await fetch(ada)) == [task["id"]]
    assert (await fetch(ada))[task["id"]] == task


async def test_id_of_anothers_task_is_free_wr1_wr7(running: TandemServer) -> None:
    """Otherwise one could find out which ids exist."""
    ada, eve = await running.register(), await running.register("eve@example.com")
    task = await ada.made(title="Ada's")
    same = await eve.made(id=task["id"], title="Eve's")
    assert (await fetch(ada))[task["id"]] == task
    assert (await fetch(eve))[task["id"]] == same


async def test_anothers_idempotency_key_says_nothing_wr4(running: TandemServer) -> None:
    ada, eve = await running.register(), await running.register("eve@example.com")
    first = await ada.create("the-same-key", title="Ada's")
    second = await eve.create("the-same-key", title="Ada's")
    assert (first.status_code, second.status_code) == (201, 201)
    assert "idempotency-replayed" not in second.headers
    assert first.json()["id"] != second.json()["id"]


async def test_socket_and_feed_show_ones_own_only_ev6_fd1(running: TandemServer) -> None:
    ada, eve = await running.register(), await running.register("eve@example.com")
    async with following(ada) as hers, following(eve) as theirs:
        for number in range(5):
            await ada.made(title=f"private {number}")
        await eve.made(title="Eve's")
        await hers.shows(await fetch(ada))
        await theirs.shows(await fetch(eve))
        # A heartbeat later still nothing came, nor does the heartbeat tell of Ada's spaces.
        await theirs.until(lambda: sum(message["type"] == "ping" for message in theirs.messages) >= 2)
        assert [message["task"]["title"] for message in theirs.messages if "task" in message] == ["Eve's"]
        assert ada.user_id not in str(theirs.messages)
        assert set(theirs.spaces).isdisjoint(hers.spaces)
        for ping in (message for message in theirs.messages if message["type"] == "ping"):
            assert set(ping["heads"]) == set(theirs.spaces)
    # Somebody else's cursor opens no door.
    place = (await ada.changes())["cursor"]
    assert "private" not in str(await eve.changes(place))


async def test_handshake_on_anothers_path_hs2(running: TandemServer) -> None:
    ada, eve = await running.register(), await running.register("eve@example.com")
    for token, status in ((eve.token, 403), (None, 401), ("forged", 401), (f"{ada.token[:-4]}AAAA", 401)):
        with pytest.raises(InvalidStatus) as refused:
            async with connect_with(socket_url(ada), token):
                pass
        assert refused.value.response.status_code == status


async def test_handshake_of_a_foreign_page_hs2(running: TandemServer) -> None:
    ada = await running.register()
    with pytest.raises(InvalidStatus) as refused:
        async with connect_with(socket_url(ada), ada.token, origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403
    async with connect_with(socket_url(ada), ada.token, origin=running.url):
        pass


async def test_sessions_of_others_cannot_be_ended_wr7(running: TandemServer) -> None:
    ada, eve = await running.register(), await running.register("eve@example.com")
    reply = await eve.call("DELETE", f"/api/auth/sessions/{ada.session_id}")
    assert (reply.status_code, reply.json()["code"]) == (404, "session_not_found")
    assert (await ada.call("GET", "tasks")).status_code == 200
