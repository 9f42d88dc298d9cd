"""WR8: values at the edge of what the types hold are refused, or kept; never an error of the server."""

from typing import Any

import pytest

from tandem_testing.backend import PASSWORD, BackendHarness

EDGES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999-14:00"]


@pytest.mark.parametrize("at", EDGES)
async def test_wr8_moment_that_utc_cannot_say_is_refused(server: BackendHarness, at: str) -> None:
    ada = await server.register()
    due = {"kind": "instant", "at": at, "zone": "Europe/Vienna"}
    reply = await ada.create(due=due)
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_request")
    task = await ada.made()
    assert (await ada.patch(task["id"], due=due)).status_code == 422


@pytest.mark.parametrize(
    "due",
    [
        {"kind": "day", "date": "0001-01-01"},
        {"kind": "day", "date": "9999-12-31"},
        {"kind": "instant", "at": "0001-01-01T00:00:00.000Z", "zone": "UTC"},
        {"kind": "instant", "at": "9999-12-31T23:59:59.999Z", "zone": "UTC"},
        {"kind": "instant", "at": "1969-12-31T23:59:59.999Z", "zone": "America/New_York"},
    ],
)
async def test_extreme_due_dates_come_back_as_they_were(server: BackendHarness, due: dict[str, Any]) -> None:
    """F18's server part: a day has no zone, a moment keeps the zone in which it was meant."""
    ada = await server.register()
    task = await ada.made(due=due)
    assert task["due"] == due
    assert (await ada.tasks())["tasks"][0]["due"] == due


@pytest.mark.parametrize("email", ["\ufdfa" * 200 + "@x", "a\uff20b@x", "a b@x", "a@b@c", "@x", "a@", "\x00@x"])
async def test_wr8_address_that_is_none_once_normalised_is_refused(server: BackendHarness, email: str) -> None:
    async with server.client() as client:
        reply = await client.post("/api/auth/register", json={"email": email, "password": PASSWORD})
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("title", ["\N{SNOWMAN}" * 500, "\U0001d518" * 500, "'; DROP TABLE tasks; --", "%s %(x)s :a ?"])
async def test_any_title_comes_back_as_it_was(server: BackendHarness, title: str) -> None:
    ada = await server.register()
    task = await ada.made(title=title, description=title + "\n\r\t\x01")
    assert (task["title"], task["description"]) == (title, title + "\n\r\t\x01")
    assert (await ada.tasks())["tasks"] == [task]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"nul",
        b'{"title": "\\ud800"}',
        b'{"title": "x\\u0000"}',
        b'{"title": "x", "description": "\\u0000"}',
        b'{"title": NaN}',
        b'{"title": "x", "seq": 7}',
        b'{"title": "x", "id": "not-a-uuid"}',
        b'{"title": "x", "due": {"kind": "instant", "at": 1e400, "zone": "UTC"}}',
        b'{"title": "x", "due": {"kind": "instant", "at": "2026-01-01T00:00:00", "zone": "UTC"}}',
        b'{"title": "x", "due": {"kind": "instant", "at": "2026-01-01T00:00:00Z", "zone": "../etc/passwd"}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
async def test_wr8_malformed_bodies_are_refused(sqlite_server: BackendHarness, body: bytes) -> None:
    ada = await sqlite_server.register()
    reply = await ada.call("POST", "tasks", content=body, headers={"content-type": "application/json"})
    assert reply.status_code in {400, 422}, reply.text
    assert reply.json()["code"] == "invalid_request"
    assert (await ada.tasks())["tasks"] == []


@pytest.mark.parametrize("key", ["", " ", "a b", "ü".encode().decode("latin-1"), "x" * 256])
async def test_wr8_unfit_idempotency_keys_are_refused(sqlite_server: BackendHarness, key: str) -> None:
    ada = await sqlite_server.register()
    headers = {"idempotency-key": key.encode("latin-1")}
    reply = await ada.call("POST", "tasks", json={"title": "x"}, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_idempotency_key")
    assert (await ada.create("x" * 255)).status_code == 201
