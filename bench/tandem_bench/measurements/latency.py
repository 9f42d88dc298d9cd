"""Create-to-seen latency: one device creates a task by HTTP, another one's socket tells of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tandem_bench.programs import run_client
from tandem_bench.report import Row, Section, Target
from tandem_bench.summary import percentile
from tandem_bench.tandem_server import Account, tandem_serve
from tandem_bench.workshop import Workshop

Times = dict[str, list[float]]
Pair = tuple[Account, Account]
"""One user's sessions on two devices."""
_EMAIL: Final = "latency@example.com"
_TARGETS: Final = {(100, 50): Target("at most", 5.0), (100, 99): Target("at most", 20.0)}


def measure(workshop: Workshop) -> Section:
    """Run `tandem serve`, and at 1 and at 100 writes a second create and wait."""
    seconds = {1: 3, 100: 3} if workshop.quick else {1: 40, 100: 30}
    rows: list[Row] = []
    data: dict[str, Any] = {}
    with tandem_serve(workshop, "latency") as server:
        server.register(_EMAIL)
        accounts = [(server.sign_in(_EMAIL), server.sign_in(_EMAIL))]
        load(workshop, server.port, accounts, rate=200, count=400, run=1)
        for rate, duration in seconds.items():
            times = load(workshop, server.port, accounts, rate=rate, count=rate * duration, run=rate + 1)
            rows += rows_of(f"{rate:,} writes/s", times["seen"], rate, _TARGETS)
            data[f"{rate}_per_second"] = times
    note = (
        "From the moment at which the request was due (a Poisson process, planned beforehand: no coordinated "
        "omission) to the message on the other device's socket, through `tandem serve`; writes are on the disk first."
    )
    return Section("Create to seen", rows, [note], data)


def rows_of(label: str, seen: Sequence[float], rate: int, targets: Mapping[tuple[int, int], Target]) -> Iterator[Row]:
    """Yield the percentiles of latencies, given in microseconds; ``targets`` are those of a rate and a percentile."""
    # One in a hundred of forty is none: there the worst is told instead.
    for percent in (50, 95, 99) if rate > 1 else (50, 95, 100):
        name = "worst" if percent == 100 else f"p{percent}"
        figure = percentile([microseconds / 1000 for microseconds in seen], percent)
        yield Row(f"{label}, {name}", figure, "ms", targets.get((rate, percent)))


def load(workshop: Workshop, port: int, accounts: Sequence[Pair], *, rate: int, count: int, run: int) -> Times:
    """Create tasks at a rate, and return when each was answered and seen, in microseconds from when it was due.

    Args:
        workshop: Of the run.
        port: Of HTTP and sockets.
        accounts: They take turns; the first of each creates, and the second's socket has to tell of each task once.
        rate: Tasks a second.
        count: How many.
        run: A number that no other run with the same accounts has.

    Raises:
        BenchError: Something was refused or doubled, or it took more than half a minute longer than planned.
    """
    lines = [
        f"/ws/{reader.user_id}?token={reader.token} /api/{writer.user_id}/tasks {writer.token}"
        for writer, reader in accounts
    ]
    file = workshop.scratch / "latency-accounts"
    file.write_text("\n".join(lines), "ascii")
    command: list[Any] = [workshop.client("latency"), port, file, rate, count, run]
    times: Times = json.loads(run_client(command, count / rate + 60))
    return times
