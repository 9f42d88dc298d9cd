"""Time, handed in from outside so that tests can turn it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """Two clocks, in seconds: ``now`` since 1970 UTC, ``monotonic`` for intervals (it never goes back)."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    def datetime(self) -> datetime:
        """Return now, in UTC, cut to milliseconds as on the wire."""
        moment = datetime.fromtimestamp(self.now(), UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
