"""Sessions over HTTP: AU3 to AU6, cookies, origins, and what is guarded."""

import asyncio
import logging
from io import StringIO
from typing import Any

import httpx
import jwt
import pytest

from tandem_backend.services.signing_keys import add_signing_key
from tandem_backend.settings import BackendSettings
from tandem_platform.jwks import from_jwks
from tandem_platform.logs import RedactingFormatter
from tandem_platform.tokens import TokenVerifier
from tandem_protocol.accounts import SessionList
from tandem_protocol.events import SessionRevoked
from tandem_testing.backend import (
    INTERNAL_TOKEN,
    PASSWORD,
    BackendHarness,
    Device,
    backend_harness,
    served,
    settings_for,
)

COOKIE = "tandem_refresh"
DAY = 24 * 3600


async def refresh(server: BackendHarness, cookie: str, **headers: str) -> httpx.Response:
    async with server.client(headers={"cookie": f"{COOKIE}={cookie}", **headers}) as client:
        return await client.post("/api/auth/refresh")


def cookie_of(reply: httpx.Response) -> str:
    return reply.cookies[COOKIE]


async def cookie(device: Device) -> str:
    return device.client.cookies[COOKIE]


async def is_refused(device: Device) -> bool:
    """Whether the session has ended for every kind of call."""
    replies = [
        await device.call("GET", "tasks"),
        await device.create(),
        await device.call("GET", "changes"),
        await device.call("GET", "tasks/0193e2a4-0000-7000-8000-000000000000"),
        await device.delete("0193e2a4-0000-7000-8000-000000000000"),
        await device.call("GET", "/api/auth/me"),
        await device.call("PATCH", "/api/auth/me", json={"name": "x"}),
        await device.call("GET", "/api/auth/sessions"),
        await device.call("DELETE", f"/api/auth/sessions/{device.session_id}"),
        await device.call("POST", "/api/auth/logout-all"),
        await device.call(
            "POST", "/api/auth/password", json={"current_password": PASSWORD, "new_password": "long enough"}
        ),
    ]
    outcomes = {(reply.status_code, reply.json().get("code")) for reply in replies if reply.content}
    assert len(outcomes) == 1, outcomes
    return outcomes == {(401, "session_ended")}


async def test_au3_tokens_are_verified_with_the_published_keys(sqlite_server: BackendHarness) -> None:
    ada = await sqlite_server.register()
    async with sqlite_server.client() as client:
        keys = (await client.get("/.well-known/jwks.json")).json()
    header = jwt.get_unverified_header(ada.token)
    assert (header["alg"], header["kid"]) == ("EdDSA", keys["keys"][0]["kid"])
    assert all("d" not in key for key in keys["keys"]), "nothing private"
    claims = TokenVerifier(from_jwks(keys), lambda: sqlite_server.clock.now).verify(ada.token)
    assert (claims.user_id, claims.session_id) == (ada.user_id, ada.session_id)
    assert claims.expires_at == int(sqlite_server.clock.now) + 900


async def test_au3_token_of_the_older_key_is_good_until_it_ends(sqlite_settings: BackendSettings) -> None:
    async with backend_harness(sqlite_settings) as server:
        ada = await server.register()
        clock = server.clock
    add_signing_key(sqlite_settings.data_dir / "keys", "ffff")
    async with backend_harness(sqlite_settings, clock=clock) as server, server.client() as client:
        old = Device(client, (await refresh(server, await cookie(ada))).json())
        assert jwt.get_unverified_header(old.token)["kid"] == "ffff"
        assert (await old.call("GET", "tasks")).status_code == 200
        old.token = ada.token
        assert (await old.call("GET", "tasks")).status_code == 200
        clock.move(900)
        reply = await old.call("GET", "tasks")
        assert (reply.status_code, reply.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Bearer x.y.z", "Basic YTpi", "bearer\t"])
async def test_wr7_no_token_is_unauthorised(sqlite_server: BackendHarness, value: str) -> None:
    ada = await sqlite_server.register()
    reply = await ada.call("GET", "tasks", headers={"authorization": value})
    assert (reply.status_code, reply.json()["code"]) == (401, "unauthenticated")
    assert reply.headers["www-authenticate"].startswith("Bearer")


async def test_wr7_forged_token_is_unauthorised(sqlite_server: BackendHarness) -> None:
    ada = await sqlite_server.register()
    head, body, signature = ada.token.split(".")
    none = jwt.encode(jwt.decode(ada.token, options={"verify_signature": False}), "", algorithm="none")
    for token in (f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}.", none, ada.token + "A" * 10_000):
        ada.token = token
        assert (await ada.call("GET", "tasks")).json()["code"] == "unauthenticated"


async def test_au4_cookie_rotates_and_a_stolen_one_ends_the_session(server: BackendHarness) -> None:
    ada = await server.register()
    first = await cookie(ada)
    assert cookie_of(await refresh(server, first)) == first, "at most one new token in 30 s"
    server.clock.move(31)
    second = cookie_of(await refresh(server, first))
    assert second != first
    assert cookie_of(await refresh(server, first)) == second, "the other tab"
    server.clock.move(31)
    third = cookie_of(await refresh(server, second))
    theft = await refresh(server, first)
    assert (theft.status_code, theft.json()["code"]) == (401, "session_ended")
    assert 'tandem_refresh=""' in theft.headers["set-cookie"]
    assert "Max-Age=0" in theft.headers["set-cookie"]
    assert (await refresh(server, third)).status_code == 401
    assert await is_refused(ada)
    assert [event["event_type"] for event in await server.events()] == ["session.revoked"]


async def test_au4_two_tabs_at_once_get_one_successor(server: BackendHarness) -> None:
    ada = await server.register()
    first = await cookie(ada)
    server.clock.move(100)
    replies = await asyncio.gather(*(refresh(server, first) for _ in range(8)))
    assert {reply.status_code for reply in replies} == {200}
    assert len({cookie_of(reply) for reply in replies}) == 1


async def test_au4_lost_answer_costs_no_session(server: BackendHarness) -> None:
    ada = await server.register()
    first = await cookie(ada)
    server.clock.move(100)
    lost = cookie_of(await refresh(server, first))
    server.clock.move(5 * DAY)
    found = await refresh(server, first)
    assert found.status_code == 200
    assert cookie_of(found) != lost
    assert (await refresh(server, lost)).status_code == 401


@pytest.mark.parametrize("change", ["x", "", "..", "cut", "session", "nonce", "ü"])
async def test_au4_forged_cookies_are_refused_and_end_nothing(sqlite_server: BackendHarness, change: str) -> None:
    ada = await sqlite_server.register()
    real = await cookie(ada)
    session, nonce, mac = real.split(".")
    forged = {
        "cut": real[:-1],
        "session": f"0193e2a4-0000-7000-8000-000000000000.{nonce}.{mac}",
        "nonce": f"{session}..{mac}",
    }.get(change, change)
    headers = {"cookie": f"{COOKIE}={forged}".encode()}
    async with sqlite_server.client(headers=headers) as client:
        reply = await client.post("/api/auth/refresh")
        assert reply.status_code == 401
        assert reply.json()["code"] in {"session_ended", "unauthenticated"}
        assert (await client.post("/api/auth/logout")).status_code == 204
    assert (await refresh(sqlite_server, real)).status_code == 200


async def test_cookie_is_for_the_browser_alone(sqlite_server: BackendHarness) -> None:
    async with sqlite_server.client() as client:
        reply = await client.post("/api/auth/register", json={"email": "ada@example.com", "password": PASSWORD})
    attributes = {part.strip().lower() for part in reply.headers["set-cookie"].split(";")[1:]}
    assert attributes == {"httponly", "samesite=strict", "path=/api/auth", f"max-age={60 * DAY}"}
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["register", "login", "refresh", "logout"])
async def test_pages_of_other_sites_cannot_use_the_cookie(sqlite_settings: BackendSettings, path: str) -> None:
    given = settings_for(sqlite_settings.data_dir, allowed_origins="https://friend.example")
    async with backend_harness(given) as server:
        await server.register("bob@example.com")
        body = {"email": "bob@example.com", "password": PASSWORD}
        statuses: dict[str, int] = {}
        for origin in ("http://evil.example", "null", "http://tandem.test", "https://friend.example"):
            async with server.client(headers={"origin": origin}) as client:
                statuses[origin] = (await client.post(f"/api/auth/{path}", json=body)).status_code
    assert statuses["http://evil.example"] == statuses["null"] == 403
    assert 403 not in {statuses["http://tandem.test"], statuses["https://friend.example"]}


async def test_au5_signing_out_ends_this_session_only(server: BackendHarness) -> None:
    ada, other = await server.register(), await server.login()
    assert (await ada.client.post("/api/auth/logout")).status_code == 204
    assert await is_refused(ada)
    assert COOKIE not in ada.client.cookies
    assert (await other.call("GET", "tasks")).status_code == 200
    assert SessionRevoked.model_validate((await server.events())[0]).sessions == [ada.session_id]
    assert (await ada.client.post("/api/auth/logout")).status_code == 204, "signing out always succeeds"


async def test_au5_signing_out_everywhere(server: BackendHarness) -> None:
    ada, other = await server.register(), await server.login()
    bob = await server.register("bob@example.com")
    kept = await cookie(other)
    assert (await ada.call("POST", "/api/auth/logout-all")).status_code == 204
    assert await is_refused(ada)
    assert await is_refused(other)
    assert (await refresh(server, kept)).json()["code"] == "session_ended"
    assert (await bob.call("GET", "tasks")).status_code == 200
    assert sorted((await server.events())[0]["sessions"]) == sorted([ada.session_id, other.session_id])


async def test_au5_password_change_ends_the_other_sessions(server: BackendHarness) -> None:
    ada, other = await server.register(), await server.login()
    body = {"current_password": PASSWORD, "new_password": "another good one"}
    assert (await ada.call("POST", "/api/auth/password", json=body)).status_code == 204
    assert await is_refused(other)
    assert (await ada.call("GET", "tasks")).status_code == 200
    async with server.client() as client:
        sign_in = {"email": "ada@example.com", "password": PASSWORD}
        assert (await client.post("/api/auth/login", json=sign_in)).status_code == 401
        sign_in["password"] = "another good one"
        assert (await client.post("/api/auth/login", json=sign_in)).status_code == 200


async def test_au5_one_session_can_be_revoked_by_its_owner_alone(server: BackendHarness) -> None:
    ada, other = await server.register(), await server.login()
    bob = await server.register("bob@example.com")
    for device, session in ((bob, other.session_id), (ada, "0193e2a4-0000-7000-8000-000000000000")):
        reply = await device.call("DELETE", f"/api/auth/sessions/{session}")
        assert (reply.status_code, reply.json()["code"]) == (404, "session_not_found")
    assert (await ada.call("DELETE", f"/api/auth/sessions/{other.session_id}")).status_code == 204
    assert await is_refused(other)
    assert (await ada.call("GET", "tasks")).status_code == 200


async def test_sessions_are_listed_with_their_devices(server: BackendHarness) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    ada = await server.register(headers={"user-agent": firefox})
    server.clock.move(60)
    other = await server.login(headers={"user-agent": "curl/8"})
    await server.register("bob@example.com")
    found = SessionList.model_validate((await ada.call("GET", "/api/auth/sessions")).json()).sessions
    assert [(one.id, one.device, one.current) for one in found] == [
        (other.session_id, "curl", False),
        (ada.session_id, "Firefox on Linux", True),
    ]
    server.clock.move(60)
    await ada.refresh()
    again = SessionList.model_validate((await ada.call("GET", "/api/auth/sessions")).json()).sessions
    assert [one.id for one in again] == [ada.session_id, other.session_id]


async def test_session_that_is_not_used_ends(server: BackendHarness) -> None:
    """F14's server part: the answer says that it is over, so that a client can stop asking."""
    ada = await server.register()
    server.clock.move(61 * DAY)
    await server.backend.janitor.purge()
    reply = await ada.client.post("/api/auth/refresh", headers={"cookie": f"{COOKIE}={await cookie(ada)}"})
    assert reply.json()["code"] in {"session_ended", "unauthenticated"}


async def heads(server: BackendHarness, body: dict[str, Any], **headers: str) -> httpx.Response:
    async with server.client(headers=headers) as client:
        return await client.post("/internal/heads", json=body)


async def test_heads_are_for_the_websocket_service_alone(server: BackendHarness) -> None:
    ada, other = await server.register(), await server.login()
    task = await ada.made()
    await ada.call("DELETE", f"/api/auth/sessions/{other.session_id}")
    nobody = "0193e2a4-0000-7000-8000-000000000000"
    body = {"users": [ada.user_id, nobody], "sessions": [ada.session_id, other.session_id, nobody]}
    for value in ("", "Bearer ", f"Bearer {INTERNAL_TOKEN}x", INTERNAL_TOKEN, f"Bearer {ada.token}"):
        reply = await heads(server, body, authorization=value)
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    answer = (await heads(server, body, authorization=f"Bearer {INTERNAL_TOKEN}")).json()
    assert answer["heads"][ada.user_id][task["space"]]["head"] == 1
    assert len(answer["heads"][ada.user_id]) == 2
    assert answer["heads"][nobody] == {}
    assert answer["ended"] == [other.session_id, nobody]


async def test_heads_of_thousands_at_once(server: BackendHarness) -> None:
    """More than a statement of SQLite has room for."""
    ada = await server.register()
    users = [f"0193e2a4-0000-7000-8000-{number:012x}" for number in range(1_999)]
    body = {"users": [*users, ada.user_id], "sessions": [*users, ada.session_id]}
    answer = (await heads(server, body, authorization=f"Bearer {INTERNAL_TOKEN}")).json()
    assert len(answer["heads"][ada.user_id]) == 2
    assert answer["ended"] == users


async def test_without_an_internal_token_nobody_gets_heads(sqlite_settings: BackendSettings) -> None:
    async with backend_harness(sqlite_settings, internal_token="") as server:
        for value in ("", "Bearer ", "Bearer"):
            reply = await heads(server, {"users": [], "sessions": []}, authorization=value)
            assert reply.status_code == 404


async def test_au6_no_secret_reaches_a_log(sqlite_server: BackendHarness) -> None:
    """Everything that is logged at DEBUG while somebody does all there is to do, in the form in which it is written."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("%(name)s %(message)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        secrets = await everything(sqlite_server)
        logging.getLogger("control").debug("this line is here")
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    written = stream.getvalue()
    assert "this line is here" in written
    for secret in secrets:
        assert len(secret) > 7
        assert secret not in written


async def everything(server: BackendHarness) -> set[str]:
    """Do what can be done to an account, over a real socket, and return what nobody else may learn."""
    server.backend.publisher.start()
    secrets = {PASSWORD, "another good one", "wrong password", INTERNAL_TOKEN}
    async with served(server) as client:
        body = {"email": "ada@example.com", "password": PASSWORD}
        entered = await client.post("/api/auth/register", json=body)
        ada = Device(client, entered.json())
        for reply in (entered, await client.post("/api/auth/login", json=body), await client.post("/api/auth/refresh")):
            secrets |= {reply.json()["access_token"], cookie_of(reply)}
        await client.post("/api/auth/login", json=body | {"password": "wrong password"})
        await client.post("/api/auth/login", json={"password": "wrong password"})
        await client.post("/api/auth/login", content=b'{"password": "wrong password"')
        await ada.call("GET", f"changes?token={ada.token}")
        await ada.made()
        await ada.call("POST", "/api/auth/password", json={"current_password": PASSWORD, "new_password": "short"})
        change = {"current_password": PASSWORD, "new_password": "another good one"}
        assert (await ada.call("POST", "/api/auth/password", json=change)).status_code == 204
        await client.post("/internal/heads", json={}, headers={"authorization": f"Bearer {INTERNAL_TOKEN}"})
        await server.backend.context.database.close()
        assert (await ada.call("GET", "tasks")).status_code == 503
        await client.post("/api/auth/refresh")
    return secrets
