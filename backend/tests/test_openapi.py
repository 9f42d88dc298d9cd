"""The description of the HTTP interface, and that every refusal is what it says (WR8)."""

from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from tandem_backend.api import accounts, changes, internal, server, tasks
from tandem_backend.main import BODY_MAX, openapi_document
from tandem_backend.settings import BackendSettings
from tandem_backend.storage.database import StorageFullError, StorageUnavailableError
from tandem_platform.bus import BusUnavailableError
from tandem_protocol.problems import Problem, ProblemCode, problem_type
from tandem_testing.backend import PASSWORD, BackendHarness, Device, backend_harness, settings_for

NOBODY = "0193e2a4-0000-7000-8000-000000000000"


def routes() -> list[APIRoute]:
    modules = (accounts, changes, internal, server, tasks)
    return [route for module in modules for route in module.router.routes if isinstance(route, APIRoute)]


def test_every_route_is_described() -> None:
    document = openapi_document()
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    present = {(method, route.path) for route in routes() if route.include_in_schema for method in route.methods or ()}
    assert described == present
    assert {route.path for route in routes() if not route.include_in_schema} == {
        "/internal/heads",
        "/internal/canary",
    }
    assert len(described) >= 20


def test_every_operation_says_what_it_is_and_how_it_refuses() -> None:
    for path, methods in openapi_document()["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert operation["description"], (method, path)
            responses = operation["responses"]
            assert "422" not in responses
            for status in ("4XX", "5XX"):
                assert list(responses[status]["content"]) == ["application/problem+json"]


async def test_server_shows_the_same_document(sqlite_server: BackendHarness) -> None:
    async with sqlite_server.client() as client:
        assert (await client.get("/api/openapi.json")).json() == openapi_document()


def code_of(reply: httpx.Response) -> ProblemCode:
    assert reply.headers["content-type"] == "application/problem+json", reply.text
    problem = Problem.model_validate_json(reply.content)
    assert problem.status == reply.status_code
    assert problem.type == problem_type(problem.code)
    assert problem.title
    assert problem.detail
    assert (reply.status_code == 401) == ("www-authenticate" in reply.headers)
    return problem.code


async def refusals(server: BackendHarness) -> dict[ProblemCode, httpx.Response]:
    """Provoke every refusal that a client alone can provoke."""
    ada, other = await server.register(), await server.login()
    task = await ada.made()
    gone = await ada.made()
    await ada.delete(gone["id"])
    await ada.create("a-key")
    await other.client.post("/api/auth/logout")
    anonymous = server.client()

    async def sign_in(path: str, **body: Any) -> httpx.Response:
        return await anonymous.post(
            f"/api/auth/{path}", json={"email": "ada@example.com", "password": PASSWORD, **body}
        )

    async def many_tries() -> httpx.Response:
        for _ in range(10):
            await sign_in("login", email="eve@example.com")
        return await sign_in("login", email="eve@example.com")

    return {
        ProblemCode.INVALID_REQUEST: await ada.create(title=""),
        ProblemCode.INVALID_CURSOR: await ada.call("GET", "changes", params={"cursor": "?"}),
        ProblemCode.INVALID_IDEMPOTENCY_KEY: await ada.create("not a key"),
        ProblemCode.UNAUTHENTICATED: await anonymous.get("/api/auth/me"),
        ProblemCode.INVALID_CREDENTIALS: await sign_in("login", password="wrong"),
        ProblemCode.SESSION_ENDED: await other.call("GET", "tasks"),
        ProblemCode.FORBIDDEN: await ada.call("GET", f"/api/{NOBODY}/tasks"),
        ProblemCode.NOT_FOUND: await anonymous.get("/api/nothing"),
        ProblemCode.TASK_NOT_FOUND: await ada.patch(NOBODY, title="x"),
        ProblemCode.SPACE_NOT_FOUND: await ada.create(space=NOBODY),
        ProblemCode.SESSION_NOT_FOUND: await ada.call("DELETE", f"/api/auth/sessions/{NOBODY}"),
        ProblemCode.METHOD_NOT_ALLOWED: await ada.call("PUT", "tasks"),
        ProblemCode.TASK_DELETED: await ada.patch(gone["id"], title="x"),
        ProblemCode.TASK_EXISTS: await ada.create(id=task["id"]),
        ProblemCode.EMAIL_TAKEN: await sign_in("register"),
        ProblemCode.IDEMPOTENCY_KEY_REUSED: await ada.create("a-key", title="another"),
        ProblemCode.TOO_LARGE: await ada.create(description="x" * BODY_MAX),
        ProblemCode.TOO_MANY_TRIES: await many_tries(),
    }


# Those that a test of its own provokes, below.
OF_THE_SERVER = {
    ProblemCode.REGISTRATION_CLOSED,
    ProblemCode.INTERNAL,
    ProblemCode.STORAGE_FULL,
    ProblemCode.UNAVAILABLE,
}


async def test_wr8_every_refusal_is_a_problem_document(server: BackendHarness) -> None:
    provoked = await refusals(server)
    assert {code: code_of(reply) for code, reply in provoked.items()} == {code: code for code in provoked}
    assert set(ProblemCode) - set(provoked) == OF_THE_SERVER


async def test_wr8_body_without_a_length_is_limited_too(sqlite_server: BackendHarness) -> None:
    ada = await sqlite_server.register()

    async def endless() -> Any:
        for _ in range(100):
            yield b"x" * 100_000

    reply = await ada.call("POST", "tasks", content=endless())
    assert (code_of(reply), reply.status_code) == (ProblemCode.TOO_LARGE, 413)


async def test_wr8_largest_task_is_not_too_large(sqlite_server: BackendHarness) -> None:
    ada = await sqlite_server.register()
    title, description = "\\ud83d\\ude00" * 500, "\\u2603" * 20_000
    largest = f'{{"title": "{title}", "description": "{description}"}}'
    reply = await ada.call("POST", "tasks", content=largest, headers={"content-type": "application/json"})
    assert reply.status_code == 201
    assert len(reply.json()["description"]) == 20_000


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StorageFullError("full"), ProblemCode.STORAGE_FULL),
        (StorageUnavailableError("away"), ProblemCode.UNAVAILABLE),
        (RuntimeError("hush"), ProblemCode.INTERNAL),
        (BusUnavailableError("hush"), ProblemCode.INTERNAL),
    ],
)
async def test_wr8_failures_of_the_server_are_problem_documents(
    sqlite_server: BackendHarness, monkeypatch: pytest.MonkeyPatch, error: Exception, code: ProblemCode
) -> None:
    ada: Device = await sqlite_server.register()

    async def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(sqlite_server.backend.context.database, "write", fail)
    reply = await ada.create()
    assert code_of(reply) == code
    assert "hush" not in reply.text
    assert "Traceback" not in reply.text


async def test_wr8_closed_registration_is_a_problem_document(sqlite_settings: BackendSettings) -> None:
    closed = settings_for(sqlite_settings.data_dir, registration="closed")
    async with backend_harness(closed) as server, server.client() as client:
        reply = await client.post("/api/auth/register", json={"email": "ada@example.com", "password": PASSWORD})
        assert code_of(reply) == ProblemCode.REGISTRATION_CLOSED
