"""Rate limits by the generic cell rate algorithm (GCRA, ITU-T I.371): one number of state for each limit."""

from typing import Final, NamedTuple

_ROUNDING: Final = 1e-6
"""Seconds; the floats of a clock that counts from 1970 are this coarse."""


class Rate(NamedTuple):
    """``burst`` units at once, refilled evenly over ``period`` seconds."""

    burst: int
    period: float


class Verdict(NamedTuple):
    """Whether a unit may pass, the state to keep, and the seconds to wait if it may not."""

    allowed: bool
    state: float
    retry_after: float


def check(rate: Rate, state: float, now: float) -> Verdict:
    """Take one unit.

    Args:
        rate: The limit.
        state: What the last allowed call returned; 0 at first. The theoretical arrival time, in seconds.
        now: Seconds of any clock; when it is set back, a limit that was used up stays so for at most a period.

    Returns:
        The verdict. A refused unit does not count.
    """
    interval = rate.period / rate.burst
    # A state further away than a full burst is from a clock that was set back.
    arrival = min(max(state, now), now + rate.period)
    early = arrival + interval - now - rate.period
    if early > _ROUNDING:
        return Verdict(allowed=False, state=state, retry_after=early)
    return Verdict(allowed=True, state=arrival + interval, retry_after=0.0)
