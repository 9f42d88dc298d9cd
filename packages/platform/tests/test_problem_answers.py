"""WR8: every refusal is a problem document (RFC 9457) with a stable code, and gives nothing away."""

import logging
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Query
from fastapi.security import HTTPBearer
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from tandem_platform.problems import ProblemError, install_problem_handlers, invalid_request
from tandem_protocol.accounts import Login
from tandem_protocol.problems import Problem, ProblemCode
from tandem_protocol.tasks import TaskCreate

SECRET = "s3cr3t-value"


def make_app() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)

    @app.post("/tasks")
    async def create(body: TaskCreate) -> str:
        return body.title

    @app.post("/login")
    async def login(body: Login) -> str:
        return body.email

    @app.get("/page")
    async def page(limit: Annotated[int, Query(ge=1)] = 1) -> int:
        return limit

    @app.get("/bearer")
    async def bearer(_: Annotated[Any, Depends(HTTPBearer())]) -> None: ...

    @app.get("/status/{status}")
    async def refuse(status: int) -> None:
        raise HTTPException(status, "because")

    @app.get("/busy")
    async def busy() -> None:
        raise ProblemError(ProblemCode.TOO_MANY_TRIES, "Wait a moment.", headers={"Retry-After": "7"})

    @app.get("/login-needed")
    async def login_needed() -> None:
        raise ProblemError(ProblemCode.UNAUTHENTICATED, "x", headers={"WWW-Authenticate": "Bearer a=b"})

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError(SECRET)

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(make_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://tandem") as client:
        yield client


def problem_of(reply: httpx.Response, status: int, code: ProblemCode) -> Problem:
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    problem = Problem.model_validate_json(reply.content)
    assert problem.status == status
    assert problem.code == code
    assert problem.type == f"urn:tandem:problem:{code}"
    return problem


async def test_refused_values_are_not_repeated(client: httpx.AsyncClient) -> None:
    """AU6: what was refused may be a password."""
    reply = await client.post("/login", json={"email": SECRET, "password": [SECRET]})
    problem = problem_of(reply, 422, ProblemCode.INVALID_REQUEST)
    assert {error.field for error in problem.errors} == {"email", "password"}
    assert SECRET not in reply.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": 7}, "title"),
        ({"title": "x", "due": 7}, "due"),
        ({"title": "x", "due": {"kind": "day"}}, "due.date"),
        ({"title": "x", "due": {"kind": "instant", "at": "2026-01-01T00:00:00Z", "zone": SECRET}}, "due.zone"),
        ({"title": "x", "due": {"kind": SECRET}}, "due"),
        ({"title": "x", "colour": SECRET}, "colour"),
        ([SECRET], "body"),
        (SECRET, "body"),
        (None, "body"),
    ],
)
async def test_field_is_the_path_in_the_document(client: httpx.AsyncClient, body: Any, field: str) -> None:
    reply = await client.post("/tasks", json=body)
    problem = problem_of(reply, 422, ProblemCode.INVALID_REQUEST)
    assert [error.field for error in problem.errors] == [field]
    assert problem.detail.startswith(f"{field}: ")
    assert SECRET not in reply.text


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (422, b""),
        (422, b"{"),
        (422, b'{"title": "x"'),
        (422, b"nul \x00"),
        (422, b"[" * 100),
        (400, b"[" * 100_000),
        (400, b'{"title": "\xff"}'),
        (422, b'{"title": "\\ud800"}'),
        (422, b'{"title": "x", "\\ud800": 1}'),
        (400, b'{"title": ' + b"9" * 5000 + b"}"),
        (422, b'{"title": NaN}'),
    ],
)
async def test_bodies_that_are_no_json_of_ours(client: httpx.AsyncClient, status: int, content: bytes) -> None:
    reply = await client.post("/tasks", content=content, headers={"content-type": "application/json"})
    problem_of(reply, status, ProblemCode.INVALID_REQUEST)


@given(content=st.binary() | st.text().map(str.encode))
async def test_any_body_is_answered(content: bytes) -> None:
    transport = httpx.ASGITransport(make_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://tandem") as client:
        reply = await client.post("/tasks", content=content, headers={"content-type": "application/json"})
    assert reply.status_code in {400, 422}
    assert Problem.model_validate_json(reply.content).code == ProblemCode.INVALID_REQUEST


async def test_another_content_type(client: httpx.AsyncClient) -> None:
    reply = await client.post("/tasks", content=b'{"title": "x"}', headers={"content-type": "text/plain"})
    problem_of(reply, 422, ProblemCode.INVALID_REQUEST)


async def test_the_answer_is_small_however_much_is_wrong(client: httpx.AsyncClient) -> None:
    body = {"title": "x"} | {f"{number:>09}" * 100: 1 for number in range(1000)}
    reply = await client.post("/tasks", json=body)
    problem_of(reply, 422, ProblemCode.INVALID_REQUEST)
    assert len(reply.content) < 8192


async def test_query_parameters_are_named(client: httpx.AsyncClient) -> None:
    problem = problem_of(await client.get("/page?limit=0"), 422, ProblemCode.INVALID_REQUEST)
    assert problem.errors[0].field == "limit"


async def test_unknown_route(client: httpx.AsyncClient) -> None:
    problem_of(await client.get("/nowhere"), 404, ProblemCode.NOT_FOUND)


async def test_wrong_method_names_the_right_ones(client: httpx.AsyncClient) -> None:
    reply = await client.delete("/tasks")
    problem_of(reply, 405, ProblemCode.METHOD_NOT_ALLOWED)
    assert reply.headers["allow"] == "POST"


async def test_unauthorised_answers_say_how_to_authenticate(client: httpx.AsyncClient) -> None:
    """RFC 9110 section 15.5.2."""
    reply = await client.get("/bearer")
    problem_of(reply, 401, ProblemCode.UNAUTHENTICATED)
    assert reply.headers.get_list("www-authenticate") == ["Bearer"]
    reply = await client.get("/login-needed")
    assert reply.headers.get_list("www-authenticate") == ["Bearer a=b"]


async def test_headers_of_a_refusal_are_sent(client: httpx.AsyncClient) -> None:
    reply = await client.get("/busy")
    problem_of(reply, 429, ProblemCode.TOO_MANY_TRIES)
    assert reply.headers["retry-after"] == "7"


@pytest.mark.parametrize("status", [status.value for status in HTTPStatus if status >= 400])
async def test_every_status_has_a_code(client: httpx.AsyncClient, status: int) -> None:
    problem = Problem.model_validate_json((await client.get(f"/status/{status}")).content)
    assert problem.status == status
    server_side = {ProblemCode.INTERNAL, ProblemCode.UNAVAILABLE, ProblemCode.STORAGE_FULL}
    assert (problem.code in server_side) == (status >= 500)


async def test_unexpected_errors_are_logged_and_not_shown(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    with caplog.at_level(logging.ERROR):
        reply = await client.get("/broken?token=x", headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"})
    assert reply.json()["trace_id"] == trace_id
    problem_of(reply, 500, ProblemCode.INTERNAL)
    assert SECRET not in reply.text
    assert "Traceback" not in reply.text
    (record,) = [record for record in caplog.records if record.name == "tandem_platform.problems"]
    assert record.getMessage() == f"GET /broken failed, trace {trace_id}"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], RuntimeError)


@pytest.mark.parametrize("code", list(ProblemCode))
def test_every_code_has_a_status_and_a_title(code: ProblemCode) -> None:
    problem = ProblemError(code, "detail").problem
    assert 400 <= problem.status < 600
    assert problem.title


def test_errors_without_a_place_are_of_the_body() -> None:
    error = invalid_request([{"type": "x", "loc": (), "msg": "Value error, names no field"}])
    assert error.problem.detail == "body: names no field"
