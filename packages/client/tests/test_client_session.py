"""Sessions and their tokens, on a real backend with a clock that is turned by hand (AU3 to AU5, CL9, CL15)."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tandem_backend.storage.locate import prepare_database
from tandem_client.edits import Edit
from tandem_client.errors import RefusedError, SessionEndedError, UnavailableError, is_transient
from tandem_client.http import Http
from tandem_client.remote import HttpRemote
from tandem_client.session import Session, enter
from tandem_protocol.accounts import Login, Register
from tandem_protocol.tasks import Task, TaskCreate
from tandem_testing.backend import PASSWORD, BackendHarness, backend_harness, settings_for

EMAIL = "ada@example.com"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncGenerator[BackendHarness]:
    settings = settings_for(tmp_path)
    prepare_database(settings)
    async with backend_harness(settings) as running:
        yield running


async def signed_in(harness: BackendHarness) -> tuple[Http, Session]:
    http = Http(harness.client())
    authenticated = await enter(http, "register", Register(email=EMAIL, password=PASSWORD))
    return http, Session(http, authenticated, lambda: harness.clock.now)


def new_task(session: Session) -> Edit:
    task_id = str(uuid4())
    change = TaskCreate(id=task_id, title="task")
    return Edit(str(uuid4()), task_id, session.user.id, change, datetime.now(UTC))


async def test_token_is_replaced_before_its_end_once_for_all_who_ask_au3(harness: BackendHarness) -> None:
    _, session = await signed_in(harness)
    first = await session.token()
    harness.clock.move(839)
    assert await session.token() == first
    harness.clock.move(1)
    tokens = await asyncio.gather(*(session.token() for _ in range(10)))
    assert len(set(tokens)) == 1
    assert tokens[0] != first
    assert session.seconds_to_renewal == 840


async def test_refused_token_is_replaced_and_the_request_repeated_cl9(harness: BackendHarness) -> None:
    """The server's clock runs ahead: it refuses a token that looks good from here."""
    http = Http(harness.client())
    authenticated = await enter(http, "register", Register(email=EMAIL, password=PASSWORD))
    session = Session(http, authenticated, lambda: 0.0)
    harness.clock.move(1000)
    remote = HttpRemote(http, session)
    made = await asyncio.gather(*(remote.write(new_task(session)) for _ in range(5)))
    assert all(isinstance(task, Task) for task in made)
    assert [space.head for space in (await remote.changes(None)).spaces if space.head] == [5]


async def test_session_that_lasts_for_days_au4(harness: BackendHarness) -> None:
    _, session = await signed_in(harness)
    for _ in range(50):
        harness.clock.move(10_000)
        await session.token()


async def test_ended_session_is_asked_about_once_cl15(harness: BackendHarness) -> None:
    http, session = await signed_in(harness)
    other = await harness.login()
    assert (await other.call("POST", "/api/auth/logout-all")).is_success
    remote = HttpRemote(http, session)
    for _ in range(2):
        with pytest.raises(SessionEndedError):
            await remote.changes(None)


async def test_closing_a_session_signs_out_au5(harness: BackendHarness) -> None:
    http, session = await signed_in(harness)
    token = await session.token()
    await session.close()
    with pytest.raises(RefusedError) as refused:
        await http.call("GET", f"/api/{session.user.id}/tasks", token=token)
    assert refused.value.code == "session_ended"


async def test_wrong_password(harness: BackendHarness) -> None:
    await signed_in(harness)
    with pytest.raises(RefusedError) as refused:
        await enter(Http(harness.client()), "login", Login(email=EMAIL, password="wrong"))
    assert refused.value.code == "invalid_credentials"
    assert "password" in refused.value.detail


@pytest.mark.parametrize(
    ("status", "headers", "retry_after"),
    [(429, {"retry-after": "7"}, 7), (503, {"retry-after": "99999"}, 600), (502, {"retry-after": "soon"}, 0)],
)
async def test_what_is_no_answer_of_tandems(status: int, headers: dict[str, str], retry_after: float) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=headers, text="<html>a proxy</html>"))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        with pytest.raises(RefusedError) as refused:
            await Http(client).call("GET", "/")
    assert (refused.value.status, refused.value.code, refused.value.retry_after) == (status, "", retry_after)
    assert is_transient(refused.value)


@pytest.mark.parametrize("status", [200, 302])
async def test_captive_portal_counts_as_no_answer(status: int) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, text="<html>please sign in</html>"))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        with pytest.raises(UnavailableError):
            await enter(Http(client), "refresh", None)
