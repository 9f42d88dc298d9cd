"""Accounts: AU1, AU2, AU7, and what may be registered."""

import asyncio
import threading
from typing import Any, Literal

import httpx
import pytest
from argon2 import PasswordHasher

from tandem_backend.domain.devices import device_name
from tandem_backend.services.passwords import Passwords
from tandem_backend.settings import BackendSettings
from tandem_backend.storage import users
from tandem_testing.backend import PASSWORD, BackendHarness, backend_harness, settings_for


class CountingHasher(PasswordHasher):
    """Counts what costs time."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.hashed = 0
        self.verified = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.hashed += 1
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - the library's name
        self.verified += 1
        return super().verify(hash, password)


async def login(client: httpx.AsyncClient, email: str, password: str) -> httpx.Response:
    return await client.post("/api/auth/login", json={"email": email, "password": password})


async def test_au1_unknown_and_wrong_take_the_same_work_and_get_the_same_answer(settings: BackendSettings) -> None:
    hasher = CountingHasher()
    async with backend_harness(settings, passwords=Passwords(hasher)) as server, server.client() as client:
        await server.register()
        await login(client, "ada@example.com", "wrong password")
        answers, works = list[tuple[int, str]](), list[tuple[int, int]]()
        for email in ("ada@example.com", "nobody@example.com"):
            before = hasher.hashed, hasher.verified
            reply = await login(client, email, "wrong password")
            answers.append((reply.status_code, reply.text))
            works.append((hasher.hashed - before[0], hasher.verified - before[1]))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401
    assert works == [(0, 1), (0, 1)]


async def test_au1_first_try_of_a_process_tells_nothing_either(settings: BackendSettings) -> None:
    works: list[tuple[int, int]] = []
    for number, email in enumerate(("ada@example.com", "nobody@example.com")):
        async with backend_harness(settings) as server:
            if number == 0:
                await server.register()
        hasher = CountingHasher()
        async with backend_harness(settings, passwords=Passwords(hasher)) as server, server.client() as client:
            await login(client, email, "wrong password")
        works.append((hasher.hashed, hasher.verified))
    assert works[0] == works[1]


async def test_au1_passwords_are_stored_as_argon2id(sqlite_server: BackendHarness) -> None:
    await sqlite_server.register()
    user = await sqlite_server.backend.context.database.read(lambda c: users.by_email(c, "ada@example.com"))
    assert user is not None
    assert user.password_hash.startswith("$argon2id$")
    assert PASSWORD not in user.password_hash


async def test_au1_recommended_parameters_are_the_default() -> None:
    encoded = await Passwords().hash("x")
    assert "m=65536,t=3,p=4" in encoded, "RFC 9106, second recommendation"


class HeldHasher(PasswordHasher):
    """Begins, and ends when it is told to."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.free = threading.Event()
        self.free.set()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - the library's name
        self.free.wait(30)
        return super().verify(hash, password)


async def test_au7_a_crowd_of_sign_ins_is_sent_away_and_not_worked_off(settings: BackendSettings) -> None:
    hasher = HeldHasher()
    passwords = Passwords(hasher, patience=0.05)
    async with backend_harness(settings, passwords=passwords) as server, server.client() as client:
        await server.register()
        hasher.free.clear()
        signing_in = [asyncio.create_task(login(client, "ada@example.com", PASSWORD)) for _ in range(10)]
        waiting = set(signing_in)
        while len(waiting) > 2:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                reply = task.result()
                assert (reply.status_code, reply.json()["code"]) == (503, "unavailable")
                assert reply.headers["retry-after"] == "5"
        hasher.free.set()
        assert [(await task).status_code for task in waiting] == [200, 200]
        # Nobody who gave up has kept a turn.
        assert (await login(client, "ada@example.com", PASSWORD)).status_code == 200


async def test_outdated_hash_is_replaced_at_the_next_sign_in(settings: BackendSettings) -> None:
    async with backend_harness(settings) as server:
        await server.register()
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    async with backend_harness(settings, passwords=stronger) as server:
        await server.login()
        user = await server.backend.context.database.read(lambda c: users.by_email(c, "ada@example.com"))
        assert user is not None
        assert "m=16,t=2" in user.password_hash
        await server.login()


def limits(settings: BackendSettings, account: int, network: int) -> BackendSettings:
    url = settings.database_url.get_secret_value()
    return settings_for(settings.data_dir, url, tries_per_account=account, tries_per_network=network)


async def test_au2_tries_of_an_account_are_limited_wherever_they_come_from(settings: BackendSettings) -> None:
    async with backend_harness(limits(settings, 3, 100)) as server:
        await server.register()
        for number in range(3):
            async with server.client(f"192.0.2.{number}") as client:
                assert (await login(client, "ada@example.com", "wrong")).status_code == 401
        async with server.client("192.0.2.99") as client:
            wrong = await login(client, " ADA@example.com", "wrong")
            right = await login(client, "ada@example.com", PASSWORD)
            assert (await login(client, "bob@example.com", "wrong")).status_code == 401
            assert wrong.status_code == right.status_code == 429
            assert wrong.text == right.text
            assert right.json()["code"] == "too_many_tries"
            wait = int(right.headers["retry-after"])
            assert 0 < wait <= 15 * 60
            server.clock.move(wait)
            assert (await login(client, "ada@example.com", PASSWORD)).status_code == 200


async def test_au2_right_password_gives_the_tries_back(sqlite_settings: BackendSettings) -> None:
    async with backend_harness(limits(sqlite_settings, 3, 100)) as server, server.client() as client:
        await server.register()
        for _ in range(4):
            await login(client, "ada@example.com", "wrong")
            await login(client, "ada@example.com", "wrong")
            assert (await login(client, "ada@example.com", PASSWORD)).status_code == 200


async def test_au2_tries_of_a_network_are_limited_whomever_they_name(settings: BackendSettings) -> None:
    async with backend_harness(limits(settings, 100, 4)) as server, server.client("192.0.2.7") as client:
        for number in range(4):
            assert (await login(client, f"user{number}@example.com", "wrong")).status_code == 401
        refused = await login(client, "ada@example.com", PASSWORD)
        assert refused.status_code == 429
        body = {"email": "new@example.com", "password": PASSWORD}
        assert (await client.post("/api/auth/register", json=body)).status_code == 429
        async with server.client("192.0.2.8") as other:
            assert (await other.post("/api/auth/register", json=body)).status_code == 201
        server.clock.move(int(refused.headers["retry-after"]))
        assert (await login(client, "new@example.com", PASSWORD)).status_code == 200


async def test_au2_addresses_of_one_ipv6_network_count_as_one(sqlite_settings: BackendSettings) -> None:
    """A subscriber holds a /64 (RFC 6177): 2^64 addresses are one network."""
    async with backend_harness(limits(sqlite_settings, 100, 2)) as server:
        statuses: list[int] = []
        for address in ("2001:db8::1", "2001:db8::2:ffff", "2001:db8:0:0:1::", "2001:db8:0:1::1"):
            async with server.client(address) as client:
                statuses.append((await login(client, "ada@example.com", "wrong")).status_code)
    assert statuses == [401, 401, 429, 401]


async def test_au2_restart_forgets_nothing(settings: BackendSettings) -> None:
    given = limits(settings, 2, 100)
    async with backend_harness(given) as server, server.client() as client:
        await server.register()
        clock = server.clock
        for _ in range(2):
            await login(client, "ada@example.com", "wrong")
    async with backend_harness(given, clock=clock) as server, server.client() as client:
        await server.backend.janitor.purge()
        assert (await login(client, "ada@example.com", PASSWORD)).status_code == 429
        clock.move(15 * 60)
        await server.backend.janitor.purge()
        assert (await login(client, "ada@example.com", PASSWORD)).status_code == 200


async def test_au2_present_password_is_tried_under_the_same_limit(sqlite_settings: BackendSettings) -> None:
    async with backend_harness(limits(sqlite_settings, 3, 100)) as server:
        ada = await server.register()
        body = {"current_password": "wrong", "new_password": "long enough"}
        replies = [await ada.call("POST", "/api/auth/password", json=body) for _ in range(4)]
        assert [reply.status_code for reply in replies] == [401, 401, 401, 429]
        assert replies[0].json()["code"] == "invalid_credentials"


async def test_au2_concurrent_tries_are_counted_each(settings: BackendSettings) -> None:
    async with backend_harness(limits(settings, 5, 100)) as server, server.client() as client:
        replies = await asyncio.gather(*(login(client, "ada@example.com", "wrong") for _ in range(12)))
    assert sorted(reply.status_code for reply in replies) == [401] * 5 + [429] * 7


async def test_same_address_concurrently_makes_one_account(server: BackendHarness) -> None:
    async with server.client() as client:
        body = {"email": "ada@example.com", "password": PASSWORD}
        replies = await asyncio.gather(*(client.post("/api/auth/register", json=body) for _ in range(6)))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 5
    assert {reply.json()["code"] for reply in replies if reply.status_code == 409} == {"email_taken"}
    assert await server.backend.context.database.read(users.count) == 1


@pytest.mark.parametrize("spelling", ["ADA@EXAMPLE.COM", "  Ada@example.com ", "\uff41da@example.com"])
async def test_addresses_are_told_apart_by_their_normal_form(sqlite_server: BackendHarness, spelling: str) -> None:
    ada = await sqlite_server.register()
    assert (await sqlite_server.login(spelling)).user_id == ada.user_id
    async with sqlite_server.client() as client:
        reply = await client.post("/api/auth/register", json={"email": spelling, "password": PASSWORD})
    assert reply.json()["code"] == "email_taken"


async def test_registration_can_be_closed(sqlite_settings: BackendSettings) -> None:
    async with backend_harness(sqlite_settings) as server:
        await server.register()
        assert (await server.client().get("/api/info")).json()["registration_open"] is True
    closed = settings_for(sqlite_settings.data_dir, registration="closed")
    async with backend_harness(closed) as server, server.client() as client:
        reply = await client.post("/api/auth/register", json={"email": "bob@example.com", "password": PASSWORD})
        assert (reply.status_code, reply.json()["code"]) == (403, "registration_closed")
        assert (await client.get("/api/info")).json()["registration_open"] is False
        await server.login()


async def test_profile_can_be_renamed_and_events_say_the_name(sqlite_server: BackendHarness) -> None:
    ada = await sqlite_server.register()
    me = (await ada.call("GET", "/api/auth/me")).json()
    assert me == {"id": ada.user_id, "email": "ada@example.com", "name": "ada"}
    renamed = await ada.call("PATCH", "/api/auth/me", json={"name": " Ada L. "})
    assert renamed.json() == me | {"name": "Ada L."}
    await ada.made()
    assert (await sqlite_server.events())[0]["actor"]["name"] == "Ada L."


CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (None, "Unknown device"),
        ("", "Unknown device"),
        ("/", "Unknown device"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
        (CHROME, "Chrome on Windows"),
        ("curl/8.5.0", "curl"),
        ("my script", "my script"),
    ],
)
def test_devices_have_names(agent: str | None, name: str) -> None:
    assert device_name(agent) == name


@pytest.mark.parametrize("agent", ["x" * 100_000, "(" * 5_000, "Mozilla/5.0 " + "a;" * 5_000])
def test_odd_user_agents_are_cut(agent: str) -> None:
    assert 0 < len(device_name(agent)) <= 100


async def test_new_account_has_a_private_space_and_an_inbox(server: BackendHarness) -> None:
    """SP1."""
    ada = await server.register()
    found: list[dict[str, Any]] = (await ada.changes())["spaces"]
    assert len(found) == 2
    assert len({space["epoch"] for space in found}) == 2
    assert (await ada.made())["space"] in {space["id"] for space in found}
