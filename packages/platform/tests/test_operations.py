"""The routes by which a service is operated."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter

from tandem_platform.operations import operations_routes


@pytest.fixture
def missing() -> list[str]:
    return []


@pytest.fixture
async def client(missing: list[str]) -> AsyncIterator[httpx.AsyncClient]:
    one, other = CollectorRegistry(), CollectorRegistry()
    Counter("tasks", "Tasks", registry=one).inc(3)
    Counter("sockets", "Sockets", registry=other)
    app = FastAPI()

    async def not_ready() -> list[str]:
        return missing

    app.include_router(operations_routes(not_ready, [one, other]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tandem") as client:
        yield client


async def test_health_is_that_it_answers(client: httpx.AsyncClient, missing: list[str]) -> None:
    missing.append("the database")
    assert (await client.get("/health")).json() == {"status": "healthy"}


async def test_ready_says_what_is_missing(client: httpx.AsyncClient, missing: list[str]) -> None:
    assert (await client.get("/ready")).json() == {"status": "ready", "reasons": []}
    missing.append("the database")
    reply = await client.get("/ready")
    assert reply.status_code == 503
    assert reply.json() == {"status": "not ready", "reasons": ["the database"]}


async def test_metrics_are_of_every_part(client: httpx.AsyncClient) -> None:
    reply = await client.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain")
    assert "tasks_total 3.0" in reply.text
    assert "sockets_total 0.0" in reply.text


async def test_operation_is_no_part_of_the_interface(client: httpx.AsyncClient) -> None:
    assert (await client.get("/openapi.json")).json()["paths"] == {}
