"""AL1 in the backend: accounts and sessions. TR1 and TR2: a request's trace is that of its event."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tandem_backend.domain.refresh import GRACE_MS
from tandem_backend.settings import BackendSettings
from tandem_platform.audit import AuditLog
from tandem_platform.observability import Observability
from tandem_platform.trace_context import trace_id_of
from tandem_testing.backend import PASSWORD, BackendHarness, backend_harness

EMAIL = "ada@example.com"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACED = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}


class Audited:
    def __init__(self, file: Path, harness: BackendHarness, log: AuditLog) -> None:
        self.harness = harness
        self._file = file
        self._log = log

    def text(self) -> str:
        self._log.close()
        return self._file.read_text()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
async def audit(sqlite_settings: BackendSettings, tmp_path: Path) -> AsyncGenerator[Audited]:
    log = AuditLog.open(str(tmp_path / "audit.log"), lambda: 0.0)
    async with backend_harness(sqlite_settings, observability=Observability(log)) as harness:
        yield Audited(tmp_path / "audit.log", harness, log)


async def test_signing_in_and_out_is_written_with_who_and_where_al1(audit: Audited) -> None:
    headers = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", **TRACED}
    ada = await audit.harness.register(headers=headers)
    other = await audit.harness.login()
    await other.client.post("/api/auth/logout", headers=TRACED)
    await other.client.post("/api/auth/logout")
    lines = audit.lines()
    assert [line["event"] for line in lines] == ["registered", "signed_in", "signed_out"]
    assert lines[0] == {
        "time": "1970-01-01T00:00:00.000Z",
        "event": "registered",
        "user": ada.user_id,
        "session": ada.session_id,
        "address": "192.0.2.1",
        "device": "Firefox on Linux",
        "user_agent": headers["user-agent"],
        "trace_id": TRACE,
    }
    assert [line["session"] for line in lines[1:]] == [other.session_id] * 2
    assert lines[2]["trace_id"] == TRACE


async def test_refused_tries_name_the_account_by_a_hash_alone_al1_au6(audit: Audited) -> None:
    await audit.harness.register()
    client = audit.harness.client()
    bodies = [
        {"email": EMAIL, "password": "not the password"},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"email": EMAIL, "password": "nor is this one"},
    ]
    for body in bodies:
        assert (await client.post("/api/auth/login", json=body)).status_code == 401
    await client.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
    lines = audit.lines()[1:]
    assert [(line["event"], line["reason"]) for line in lines] == [
        ("sign_in_refused", "invalid_credentials"),
        ("sign_in_refused", "invalid_credentials"),
        ("sign_in_refused", "invalid_credentials"),
        ("registration_refused", "email_taken"),
    ]
    first, second, third, fourth = (line["account"] for line in lines)
    assert first == third == fourth != second
    written = audit.text()
    for secret in (PASSWORD, "not the password", "nor is this one", EMAIL, "nobody@example.com"):
        assert secret not in written


async def test_ended_sessions_and_passwords_are_written_al1(audit: Audited) -> None:
    ada, second, third = await audit.harness.register(), await audit.harness.login(), await audit.harness.login()
    change = {"current_password": "wrong password", "new_password": "a better one than that"}
    await ada.call("POST", "/api/auth/password", json=change)
    await ada.call("DELETE", f"/api/auth/sessions/{third.session_id}")
    await ada.call("POST", "/api/auth/password", json={**change, "current_password": PASSWORD}, headers=TRACED)
    await ada.call("POST", "/api/auth/logout-all")
    refused, revoked, changed, everywhere = audit.lines()[3:]
    assert {line["user"] for line in (refused, revoked, changed, everywhere)} == {ada.user_id}
    assert {line["session"] for line in (refused, revoked, changed, everywhere)} == {ada.session_id}
    assert (refused["event"], refused["reason"]) == ("password_change_refused", "invalid_credentials")
    assert (revoked["event"], revoked["revoked"]) == ("session_revoked", third.session_id)
    assert (changed["event"], changed["sessions"], changed["trace_id"]) == ("password_changed", 1, TRACE)
    assert (everywhere["event"], everywhere["sessions"]) == ("signed_out_everywhere", 1)
    events = [event for event in await audit.harness.events() if event["event_type"] == "session.revoked"]
    (of_change,) = [event for event in events if event["sessions"] == [second.session_id]]
    assert of_change["trace"] == TRACED["traceparent"]
    written = audit.text()
    for secret in (PASSWORD, change["current_password"], change["new_password"], ada.token, second.token):
        assert secret not in written


async def test_theft_of_a_refresh_token_is_written_al1_au4(audit: Audited) -> None:
    ada = await audit.harness.register()
    stolen = ada.client.cookies["tandem_refresh"]
    for _ in range(2):
        audit.harness.clock.move(GRACE_MS / 1000 + 1)
        await ada.refresh()
    thief = audit.harness.client("198.51.100.7", cookies={"tandem_refresh": stolen})
    assert (await thief.post("/api/auth/refresh")).json()["code"] == "session_ended"
    junk_client = audit.harness.client(cookies={"tandem_refresh": "junk"})
    assert (await junk_client.post("/api/auth/refresh")).status_code == 401
    theft, junk = audit.lines()[1:]
    assert (theft["event"], theft["user"], theft["session"]) == ("refresh_token_reused", ada.user_id, ada.session_id)
    assert theft["address"] == "198.51.100.7"
    assert (junk["event"], junk["reason"]) == ("refresh_refused", "session_ended")
    written = audit.text()
    for secret in (stolen, ada.client.cookies["tandem_refresh"], ada.token):
        assert secret not in written


async def test_a_write_hands_its_trace_to_its_event_tr1_tr2(sqlite_server: BackendHarness) -> None:
    ada = await sqlite_server.register()
    task = (await ada.call("POST", "tasks", json={"title": "x"}, headers=TRACED)).json()["id"]
    for call in (
        ada.call("PATCH", f"tasks/{task}", json={"title": "y"}, headers=TRACED),
        ada.call("POST", f"tasks/{task}/complete", headers=TRACED),
        ada.call("DELETE", f"tasks/{task}", headers=TRACED),
        ada.call("POST", f"tasks/{task}/restore", headers=TRACED),
    ):
        assert (await call).is_success
    assert [event["trace"] for event in await sqlite_server.events()] == [TRACED["traceparent"]] * 5


@pytest.mark.parametrize("given", [{}, {"traceparent": "00-nonsense"}, {"traceparent": TRACED["traceparent"].upper()}])
async def test_without_a_valid_trace_one_begins_tr1(sqlite_server: BackendHarness, given: dict[str, str]) -> None:
    ada = await sqlite_server.register()
    for _ in range(2):
        assert (await ada.call("POST", "tasks", json={"title": "x"}, headers=given)).status_code == 201
    first, second = (event["trace"] for event in await sqlite_server.events())
    assert TRACE not in first
    assert trace_id_of(first) != trace_id_of(second)
