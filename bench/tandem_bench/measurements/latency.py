"""Create-to-seen latency: one device creates a task by HTTP, another one's socket tells of it."""

import json
from typing import Any, Final

from tandem_bench.programs import run_client
from tandem_bench.report import Row, Section, Target
from tandem_bench.summary import percentile
from tandem_bench.tandem_server import TandemServer, tandem_serve
from tandem_bench.workshop import Workshop

_EMAIL: Final = "latency@example.com"
_TARGETS: Final = {(100, 50): Target("at most", 5.0), (100, 99): Target("at most", 20.0)}


def measure(workshop: Workshop) -> Section:
    """Run `tandem serve`, and at 1 and at 100 writes a second create and wait."""
    seconds = {1: 3, 100: 3} if workshop.quick else {1: 40, 100: 30}
    rows: list[Row] = []
    data: dict[str, Any] = {}
    with tandem_serve(workshop, "latency") as server:
        server.register(_EMAIL)
        _load(workshop, server, rate=200, count=400, run=1)
        for rate, duration in seconds.items():
            times = _load(workshop, server, rate=rate, count=rate * duration, run=rate + 1)
            seen = [microseconds / 1000 for microseconds in times["seen"]]
            # One in a hundred of forty is none: there the worst is told instead.
            for percent in (50, 95, 99) if rate > 1 else (50, 95, 100):
                name = "worst" if percent == 100 else f"p{percent}"
                target = _TARGETS.get((rate, percent))
                rows.append(Row(f"{rate} writes/s, {name}", percentile(seen, percent), "ms", target))
            data[f"{rate}_per_second"] = times
    note = (
        "From the moment at which the request was due (a Poisson process, planned beforehand: no coordinated "
        "omission) to the message on the other device's socket, through `tandem serve`; writes are on the disk first."
    )
    return Section("Create to seen", rows, [note], data)


def _load(workshop: Workshop, server: TandemServer, *, rate: int, count: int, run: int) -> dict[str, list[float]]:
    writer, reader = server.sign_in(_EMAIL), server.sign_in(_EMAIL)
    command: list[Any] = [
        workshop.client("latency"),
        server.port,
        f"/ws/{reader.user_id}?token={reader.token}",
        f"/api/{writer.user_id}/tasks",
        writer.token,
        rate,
        count,
        run,
    ]
    times: dict[str, list[float]] = json.loads(run_client(command, count / rate + 60))
    return times
