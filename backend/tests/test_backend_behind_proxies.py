"""Behind reverse proxies: what their headers say counts only as far as they are trusted."""

import pytest

from tandem_backend.settings import BackendSettings
from tandem_testing.backend import PASSWORD, BackendHarness, backend_harness, served, settings_for


@pytest.mark.parametrize(("trusted", "secure"), [(("127.0.0.1",), ["secure"]), (("192.0.2.1",), []), ((), [])])
async def test_au4_cookie_is_secure_behind_a_trusted_proxy_that_speaks_https(
    sqlite_server: BackendHarness, trusted: tuple[str, ...], secure: list[str]
) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD}
    async with served(sqlite_server, trusted) as client:
        reply = await client.post("/api/auth/register", json=body, headers={"x-forwarded-proto": "https"})
    attributes = [part.strip().lower() for part in reply.headers["set-cookie"].split(";")[1:]]
    assert [attribute for attribute in attributes if attribute == "secure"] == secure


@pytest.mark.parametrize(
    ("trusted", "forwarded", "counted_apart"),
    [
        (("127.0.0.1",), "198.51.100.{}", True),
        (("127.0.0.0/8", "10.0.0.0/8"), "198.51.100.{}, 10.1.2.3", True),
        # Whoever asks can write anything before what the last proxy adds.
        (("127.0.0.1",), "198.51.100.{}, 203.0.113.7", False),
        (("127.0.0.0/8", "10.0.0.0/8"), "198.51.100.{}, 203.0.113.7, 10.1.2.3", False),
        (("127.0.0.1",), "198.51.100.{}, 203.0.113.7:500{}", False),
        (("192.0.2.0/24",), "198.51.100.{}", False),
        ((), "198.51.100.{}", False),
    ],
)
async def test_au2_tl3_tries_count_by_the_last_address_that_is_no_trusted_proxys(
    sqlite_settings: BackendSettings,
    trusted: tuple[str, ...],
    forwarded: str,
    counted_apart: bool,  # noqa: FBT001
) -> None:
    given = settings_for(sqlite_settings.data_dir, tries_per_network=2)
    async with backend_harness(given) as server, served(server, trusted) as client:
        body = {"email": "nobody@example.com", "password": "wrong"}
        statuses: list[int] = []
        for number in range(3):
            headers = {"x-forwarded-for": forwarded.format(number, number)}
            statuses.append((await client.post("/api/auth/login", json=body, headers=headers)).status_code)
    assert statuses == [401, 401, 401 if counted_apart else 429]


async def test_hs2_by_https_a_page_that_came_by_http_may_not_use_the_cookie(sqlite_server: BackendHarness) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD}
    async with served(sqlite_server, ("127.0.0.1",)) as client:
        statuses = {
            scheme: (
                await client.post(
                    "/api/auth/register",
                    json=body,
                    headers={
                        "x-forwarded-proto": "https",
                        "host": "todo.example",
                        "origin": f"{scheme}://todo.example",
                    },
                )
            ).status_code
            for scheme in ("http", "https")
        }
    assert statuses == {"http": 403, "https": 201}
