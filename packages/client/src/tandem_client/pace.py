"""How long the client waits for what."""

from dataclasses import dataclass

from tandem_protocol.limits import BACKOFF_SECONDS, GAP_WAIT_MS

_JITTER = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Times in seconds. The defaults are the rules of SPEC.md; tests are in more of a hurry."""

    backoff: tuple[float, ...] = BACKOFF_SECONDS
    """Between tries; the last one repeats (CL11)."""
    gap: float = GAP_WAIT_MS / 1000
    """For an event that is missing (CL2), or that a heartbeat overtook (CL5)."""
    event: float = 1.0
    """For the event of an answered edit, while push works."""
    answer: float = 10.0
    """For the answer to a request."""
    opening: float = 10.0
    """For the first message of a socket (HS4)."""
    stable: float = 10.0
    """A connection that held that long was a good one: the failures before it do not count any more."""
    poll: float = 60.0
    """Between pulls without push (4501)."""
    closing: float = 10.0
    """For the answers to unsent edits, when the client is closed."""

    def wait(self, failures: int, random: float, at_least: float = 0.0) -> float:
        """Return how long to wait after so many failures in a row.

        Each time is up to a quarter shorter or longer, so that clients which failed together do not come back
        together (CL11).

        Args:
            failures: At least 1.
            random: From 0 to 1.
            at_least: What the server asked for.
        """
        step = self.backoff[min(failures, len(self.backoff)) - 1]
        return max(at_least, step * (1 - _JITTER + 2 * _JITTER * random))
