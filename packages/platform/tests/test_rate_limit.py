"""GCRA against a model that remembers every unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem_platform.rate_limit import Rate, check

TEN_A_MINUTE = Rate(10, 60.0)


def spend(rate: Rate, state: float, now: float, units: int) -> tuple[int, float]:
    """Try ``units`` at once; return how many passed, and the state."""
    passed = 0
    for _ in range(units):
        verdict = check(rate, state, now)
        state = verdict.state
        passed += verdict.allowed
    return passed, state


@pytest.mark.parametrize("now", [0.0, 1e6, 1.8e9])
def test_burst_then_even_refill(now: float) -> None:
    passed, state = spend(TEN_A_MINUTE, 0.0, now, 15)
    assert passed == 10
    assert spend(TEN_A_MINUTE, state, now + 5.9, 5)[0] == 0
    assert spend(TEN_A_MINUTE, state, now + 6.0, 5)[0] == 1
    assert spend(TEN_A_MINUTE, state, now + 30.0, 9)[0] == 5
    assert spend(TEN_A_MINUTE, state, now + 600.0, 50)[0] == 10


def test_refusal_says_when_to_come_back() -> None:
    """AU2: `Retry-After` is when it works, not some time."""
    _, state = spend(TEN_A_MINUTE, 0.0, 100.0, 10)
    verdict = check(TEN_A_MINUTE, state, 101.0)
    assert not verdict.allowed
    assert verdict.retry_after == pytest.approx(5.0)
    assert check(TEN_A_MINUTE, verdict.state, 101.0 + verdict.retry_after).allowed


rates = st.builds(Rate, burst=st.integers(1, 20), period=st.integers(1, 120).map(float))
gaps = st.lists(st.integers(0, 40).map(lambda eighths: eighths / 8), max_size=60)


@given(rates, gaps)
def test_same_as_a_bucket_that_fills(rate: Rate, waits: list[float]) -> None:
    now, state, tokens = 0.0, 0.0, float(rate.burst)
    for wait in waits:
        now += wait
        tokens = min(rate.burst, tokens + wait * rate.burst / rate.period)
        verdict = check(rate, state, now)
        if abs(tokens - 1) > 1e-6:
            assert verdict.allowed == (tokens > 1)
        assert verdict.allowed or verdict.state == state
        state = verdict.state
        tokens -= verdict.allowed


@given(rates, gaps)
def test_never_more_than_twice_the_burst_in_a_period(rate: Rate, waits: list[float]) -> None:
    now, state = 0.0, 0.0
    passed: list[float] = []
    for wait in waits:
        now += wait
        verdict = check(rate, state, now)
        state = verdict.state
        if verdict.allowed:
            passed.append(now)
    for start in passed:
        assert sum(start <= moment < start + rate.period for moment in passed) <= 2 * rate.burst
