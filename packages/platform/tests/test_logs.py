"""AU6: no token, password or cookie reaches a log."""

import io
import json
import logging
import sys
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem_platform.logs import RedactingFormatter, configure_logging, redact

base64url = st.text(
    alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=12, max_size=40
)
jwts = st.lists(base64url, min_size=3, max_size=3).map(lambda parts: "eyJ" + ".".join(parts))
texts = st.text(max_size=8)


@given(texts, jwts, texts)
def test_a_jwt_is_found_anywhere(before: str, token: str, after: str) -> None:
    shown = redact(f"{before} {token} {after}")
    assert not any(part in shown for part in token.removeprefix("eyJ").split("."))


@given(jwts, st.integers(20, 60))
def test_a_jwt_that_was_cut_off_is_found(token: str, length: int) -> None:
    assert token[3:15] not in redact(f"bad token {token[:length]}")


@pytest.mark.parametrize(
    "form",
    [
        "GET /ws/1?token={} HTTP/1.1",
        "/ws/1?a=b&token={}&c=d",
        "/api/1/changes?cursor={}",
        "Authorization: Bearer {}",
        "authorization: bearer {}",
        "(b'authorization', b'Bearer {}')",
        "sec-websocket-protocol: tandem.v1, bearer.{}",
        "Cookie: a=b; tandem_refresh={}; c=d",
        "Set-Cookie: tandem_refresh={}; HttpOnly",
        "dapr-api-token: {}",
        "(b'dapr-api-token', b'{}')",
        '{{"access_token":"{}","expires_in":900}}',
        '{{"type": "token", "token": "{}"}}',
        "{{'token': '{}'}}",
        "postgresql://tandem:{}@db/tandem",
        "password={}",
        "current_password: {}",
    ],
)
@given(secret=base64url)
def test_secrets_are_found_by_what_stands_before(form: str, secret: str) -> None:
    shown = redact(form.format(f"s3cr3t-{secret}"))
    assert "s3cr3t" not in shown
    assert "[redacted]" in shown


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=8).map(lambda text: f"S3cr3t {text} S3cr3t"))
def test_a_password_may_hold_anything(password: str) -> None:
    assert "S3cr3t" not in redact(json.dumps({"email": "ada@example.org", "password": password}))
    assert "S3cr3t" not in redact(repr({"new_password": password, "name": "Ada"}))


@pytest.mark.parametrize(
    "line",
    ["GET /api/info 200", "ada signed in on Firefox", "wrote 3 events, next seq 19", "http://127.0.0.1:8000/ is up"],
)
def test_the_rest_stays(line: str) -> None:
    assert redact(line) == line


@given(st.text())
def test_redacting_twice_is_redacting(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_a_long_line_is_quick() -> None:
    """No input makes the search slower than its length."""
    for piece in ("eyJ", "token=", "://a:", 'password="', "bearer ", 'token" '):
        redact(piece * 20_000)


def test_tracebacks_are_redacted() -> None:
    with pytest.raises(ValueError, match="secret-token") as caught:
        int("/ws/1?token=secret-token")
    failure = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", None, failure)
    line = RedactingFormatter("%(message)s").format(record)
    assert "ValueError" in line
    assert "secret-token" not in line


def test_configured_logging_redacts_everybodys_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    before, level, stderr = root.handlers[:], root.level, io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    try:
        configure_logging("warning")
        logging.getLogger("uvicorn.access").warning("GET %s", "/ws/1?token=secret-token")
        logging.getLogger("tandem").info("too quiet")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    (line,) = stderr.getvalue().splitlines()
    assert "WARNING uvicorn.access: GET /ws/1?token=[redacted]" in line


def test_urls_are_redacted_in_their_encoded_form() -> None:
    assert "se%20cret" not in redact(f"/ws/1?token={quote('se cret')}")
