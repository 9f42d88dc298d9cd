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
    assert origin_allowed(origin, host, ALLOWED)


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
    assert not origin_allowed(origin, host, ALLOWED)


@given(st.text(), st.text())
def test_any_header_is_answered(origin: str, host: str) -> None:
    assert not origin_allowed(f"evil:{origin}", host, ALLOWED)
    origin_allowed(f"http://{origin}", host, ALLOWED)
