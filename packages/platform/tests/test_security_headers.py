"""Headers of every answer."""

import httpx
import pytest
from fastapi import FastAPI, Response

from tandem_platform.security_headers import SecurityHeaders


def client_of(url: str, hsts_seconds: int = 0) -> httpx.AsyncClient:
    app = FastAPI()
    app.add_middleware(SecurityHeaders, hsts_seconds=hsts_seconds)

    async def answer(status: int, policy: str | None = None) -> Response:
        return Response(status_code=status, headers={"content-security-policy": policy} if policy else None)

    app.add_api_route("/{status}", answer)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=url)


@pytest.fixture
def client() -> httpx.AsyncClient:
    return client_of("http://tandem")


@pytest.mark.parametrize("path", ["/200", "/404", "/missing/path"])
async def test_what_is_no_page_runs_nothing(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-content-type-options"] == "nosniff"


async def test_a_page_keeps_its_own_policy(client: httpx.AsyncClient) -> None:
    reply = await client.get("/200", params={"policy": "default-src 'self'"})
    assert reply.headers["content-security-policy"] == "default-src 'self'"


async def test_a_page_that_did_not_change_keeps_the_policy_it_came_with(client: httpx.AsyncClient) -> None:
    assert "content-security-policy" not in (await client.get("/304")).headers


@pytest.mark.parametrize(
    ("url", "seconds", "said"),
    [("https://tandem", 300, "max-age=300"), ("http://tandem", 300, None), ("https://tandem", 0, None)],
)
async def test_https_alone_is_asked_for_by_https_and_where_it_is_wanted(
    url: str, seconds: int, said: str | None
) -> None:
    async with client_of(url, seconds) as client:
        assert (await client.get("/200")).headers.get("strict-transport-security") == said
