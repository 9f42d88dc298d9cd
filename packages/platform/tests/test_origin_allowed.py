"""HS2: which pages may use a server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem_platform.origins import origin_allowed

ALLOWED = ("https://lists.example.org",)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "tandem.example.org"),
        (None, None),
        ("https://tandem.example.org", "tandem.example.org"),
        ("http://Tandem.Example.org", "tandem.example.ORG"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://lists.example.org", "tandem.example.org"),
        ("https://lists.example.org", None),
    ],
)
def test_welcome(origin: str | None, host: str | None) -> None:
    assert origin_allowed([] if origin is None else [origin], host, ALLOWED)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "tandem.example.org"),
        ("http://127.0.0.1:3000", "127.0.0.1:8000"),
        ("http://lists.example.org", "tandem.example.org"),
        ("https://tandem.example.org.evil.example", "tandem.example.org"),
        ("https://tandem.example.org@evil.example", "tandem.example.org"),
        ("null", "tandem.example.org"),
        ("", ""),
        ("https://", ""),
        ("https://tandem.example.org", None),
        ("ftp://tandem.example.org", "tandem.example.org"),
        ("http://[", "["),
    ],
)
def test_not_welcome(origin: str, host: str | None) -> None:
    assert not origin_allowed([origin], host, ALLOWED)


@given(st.text(), st.text())
def test_any_header_is_answered(origin: str, host: str) -> None:
    assert not origin_allowed([f"evil:{origin}"], host, ALLOWED)
    origin_allowed([f"http://{origin}"], host, ALLOWED)


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("http://LOCALHOST:8000", "localhost:8000", True),
        ("https://tasks.example", "tasks.example", True),
        ("https://tasks.example", "tasks.example:443", True),
        ("https://tasks.example:443", "tasks.example", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("https://listed.example", "tasks.example", True),
        ("http://listed.example", "tasks.example", False),
        ("http://localhost:3000", "localhost:8000", False),
        ("https://tasks.example.evil", "tasks.example", False),
        ("https://tasks.example", "tasks.example:8443", False),
        ("https://tasks.example", None, False),
        ("null", "null", False),
        ("", "", False),
        ("file://", "", False),
        ("https://[broken", "[broken", False),
        ("https://a:99999", "a:99999", False),
    ],
)
def test_origins_hs2(origin: str, host: str | None, allowed: bool) -> None:  # noqa: FBT001
    assert origin_allowed([origin], host, ["https://listed.example"]) is allowed


def test_clients_without_an_origin_are_no_browsers_hs2() -> None:
    assert origin_allowed([], "tasks.example", [])
    assert not origin_allowed(["https://a", "https://a"], "a", [])


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://tasks.example", True), ("http://tasks.example", False), ("http://listed.example", True)],
)
def test_by_https_a_page_that_came_by_http_is_not_the_own_one_hs2(origin: str, allowed: bool) -> None:  # noqa: FBT001
    assert origin_allowed([origin], "tasks.example", ["http://listed.example"], secure=True) is allowed
    assert origin_allowed([origin], "tasks.example", ["http://listed.example"]), "a proxy may have spoken https"
