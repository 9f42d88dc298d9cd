"""How much chaos there is to be, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tandem_testing.chaos.checker import Findings
from tandem_testing.chaos.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of everything."""

    seed: int
    seconds: float
    """At most that long are edits made."""
    edits: int
    users: int = 10
    devices: int = 5
    """Of each user."""
    think: float = 0.25
    """Seconds between two edits of a device, on average."""
    dies: float = 0.002
    """How likely a device dies after an edit."""
    lanes: int = 2
    """Faults at once."""
    pause: float = 1.0
    """Seconds between two faults of a lane, on average."""
    settling: float = 120.0
    """How long it may take until all clients have everything, after the last fault."""


@dataclass(slots=True)
class Report:
    """What came of a run."""

    plan: Plan
    history: History
    findings: Findings = field(default_factory=Findings)
    faults: Mapping[str, int] = field(default_factory=dict[str, int])
    restarts: Mapping[str, int] = field(default_factory=dict[str, int])
    """How often programs were started again because they had ended by themselves."""
    deaths: int = 0
    seconds: float = 0.0
    settled_after: float = 0.0

    def __str__(self) -> str:
        """Return it in words."""
        attempts = self.history.attempts.values()
        clients = self.plan.users * self.plan.devices
        doubts = sum(each.in_doubt for each in attempts)
        return (
            f"seed {self.plan.seed}: {len(attempts)} edits of {clients} clients and {self.plan.users} scripts in "
            f"{self.history.tries} tries, {doubts} without an answer, {self.deaths} devices died\n"
            f"  {sum(self.faults.values())} faults in {self.seconds:.0f} s, "
            f"all clients level {self.settled_after:.1f} s after the last was healed\n"
            f"  faults: {_counts(self.faults)}\n"
            f"  ended by themselves and were started again: {_counts(self.restarts)}\n"
            f"  {self.findings}"
        )


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
