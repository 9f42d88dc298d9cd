"""Writes a second with 1 and 32 clients, against PocketBase on the same core in the same run."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tandem_bench.pocketbase import VERSION, PocketBase, pocketbase
from tandem_bench.programs import BenchError, need, run_client
from tandem_bench.report import Row, Section, Target
from tandem_bench.summary import paired_ratios, spread
from tandem_bench.tandem_server import Account, TandemServer, tandem_serve
from tandem_bench.workshop import Workshop

_CLIENTS: Final = (1, 32)
_TASK: Final = {"title": "Buy groceries %d", "description": "Milk, eggs, bread", "priority": "medium"}


@dataclass(frozen=True, slots=True)
class _Subject:
    """One of the two servers, and how many writes it answered so far."""

    name: str
    url: str
    authorization: str
    body: str
    count: Callable[[], int]
    answered: list[int] = field(default_factory=list[int])


def measure(workshop: Workshop) -> Section:
    """Run both servers and load them in turn."""
    rounds, seconds = (1, 1) if workshop.quick else (5, 3)
    with tandem_serve(workshop, "writes-tandem") as server, pocketbase(workshop, "writes-pocketbase") as base:
        subjects = [_tandem(server, server.register("writes@example.com")), _pocketbase(base)]
        samples: dict[str, dict[int, list[dict[str, Any]]]] = {
            subject.name: {clients: [] for clients in _CLIENTS} for subject in subjects
        }
        for subject in subjects:
            _load(workshop, subject, 32, 1, "warm-up-")
        for number in range(rounds):
            for clients in _CLIENTS:
                # Each begins every other round, so that neither always comes second.
                for subject in subjects if number % 2 == 0 else reversed(subjects):
                    sample = _load(workshop, subject, clients, seconds, f"{number}-{clients}-")
                    samples[subject.name][clients].append(sample)
        for subject in subjects:
            _check(subject)
    return _section(samples)


def _tandem(server: TandemServer, account: Account) -> _Subject:
    return _Subject(
        "Tandem",
        f"{server.url}/api/{account.user_id}/tasks",
        f"Bearer {account.token}",
        json.dumps(_TASK),
        lambda: _count_rows(server.data),
    )


def _pocketbase(base: PocketBase) -> _Subject:
    url = f"{base.url}/api/collections/tasks/records"
    return _Subject("PocketBase", url, base.token, json.dumps({**_TASK, "user_id": base.user_id}), base.count_tasks)


def _load(workshop: Workshop, subject: _Subject, clients: int, seconds: int, keys: str) -> dict[str, Any]:
    wrk = need("wrk", "wrk")
    options = ["-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "10s", "-s", workshop.bench / "load/tasks.lua"]
    output = run_client([wrk, *options, subject.url, "--", subject.authorization, subject.body, keys], seconds + 30)
    sample: dict[str, Any] = json.loads(output.splitlines()[-1])
    if sample["refused"] or sample["broken"] or not sample["requests"]:
        raise BenchError(f"{subject.name} refused or broke requests: {sample}")
    subject.answered.append(sample["requests"])
    return sample


def _check(subject: _Subject) -> None:
    """Make sure that what was answered is really there."""
    stored, answered = subject.count(), sum(subject.answered)
    if stored < answered:
        raise BenchError(f"{subject.name} answered {answered} writes and holds {stored}")


def _count_rows(data: Path) -> int:
    (path,) = data.glob("*.db")
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        (count,) = connection.execute("SELECT count(*) FROM tasks").fetchone()
    finally:
        connection.close()
    return int(count)


def _section(samples: dict[str, dict[int, list[dict[str, Any]]]]) -> Section:
    rows: list[Row] = []
    for clients in _CLIENTS:
        rates = {
            name: [sample["requests"] / sample["microseconds"] * 1e6 for sample in of_name[clients]]
            for name, of_name in samples.items()
        }
        who = "1 client" if clients == 1 else f"{clients} clients"
        rows.extend(Row(f"{name}, {who}", spread(values), "writes/s") for name, values in rates.items())
        target = Target("at least", 1.0) if clients == 32 else None
        ratio = paired_ratios(rates["Tandem"], rates["PocketBase"])
        rows.append(Row(f"Tandem / PocketBase, {who}", ratio, "x", target))
    notes = (
        "Every answered write of Tandem is on the disk (WAL, synchronous=FULL), with its event and Idempotency-Key.",
        f"PocketBase {VERSION} with its defaults (synchronous=NORMAL: no fsync for a write) and its request log off.",
    )
    return Section("Writes", rows, notes, {"samples": samples})
