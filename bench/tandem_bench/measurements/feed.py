"""The change feed of 10,000 changes, against the same bytes as a static file and a FastAPI list of models."""

import sqlite3
import time
from pathlib import Path
from typing import Any, Final

import httpx

from tandem_bench.programs import BenchError, need, run_client, running
from tandem_bench.report import Row, Section, Target
from tandem_bench.summary import paired_ratios, spread
from tandem_bench.tandem_server import Account, TandemServer, tandem_serve
from tandem_bench.workshop import Workshop
from tandem_testing.process import free_port

_CHANGES: Final = 10_000
_TARGET: Final = Target("at most", 200.0)
_TASK: Final = '{"title":"Buy groceries %d","description":"Milk, eggs, bread","priority":"medium"}'
_FILL_SECONDS: Final = 60
_FILE: Final = "feed-baseline.json"


def measure(workshop: Workshop) -> Section:
    """Fill a list with 10,000 tasks and read it in three ways, in turn."""
    rounds = 3 if workshop.quick else 15
    frontend = workshop.folder("feed-frontend")
    (frontend / "index.html").write_text("<!doctype html><title>Baseline</title>", "utf-8")
    with tandem_serve(workshop, "feed", {"TANDEM_FRONTEND_DIR": str(frontend)}) as server:
        account = server.register("feed@example.com")
        _fill(workshop, server, account)
        database = _database(server)
        port = free_port()
        naive = [workshop.python, workshop.bench / "baselines/naive_list.py", str(port), database]
        naive_url = f"http://127.0.0.1:{port}"
        log = workshop.folder("feed-naive") / "log"
        with running(naive, url=f"{naive_url}/health", log=log), httpx.Client(timeout=30.0) as client:
            feed_url = f"{server.url}/api/{account.user_id}/changes?limit={_CHANGES}"
            (frontend / _FILE).write_bytes(_checked(client.get(feed_url, headers=account.headers)))
            ways: dict[str, tuple[str, dict[str, str]]] = {
                "feed": (feed_url, {**account.headers, "accept-encoding": "identity"}),
                "file": (f"{server.url}/{_FILE}", {"accept-encoding": "identity"}),
                "naive": (f"{naive_url}/tasks", {}),
            }
            samples: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(rounds + 2):
                for name, (url, headers) in ways.items():
                    samples[name].append(_milliseconds(client, url, headers))
            size = (frontend / _FILE).stat().st_size
    # The first two rounds warmed up.
    samples = {name: values[2:] for name, values in samples.items()}
    rows = [
        Row("GET changes, 10,000 tasks", spread(samples["feed"]), "ms", _TARGET),
        Row("the same bytes as a static file", spread(samples["file"]), "ms"),
        Row("naive FastAPI list of models", spread(samples["naive"]), "ms"),
        Row("feed / naive", paired_ratios(samples["feed"], samples["naive"]), "x"),
    ]
    note = (
        f"{size / 1e6:.1f} MB, not compressed, read by one client; the naive server reads the same rows with sqlite3 "
        "and answers them through a response model."
    )
    return Section("Change feed", rows, [note], {"samples_ms": samples, "bytes": size})


def _fill(workshop: Workshop, server: TandemServer, account: Account) -> None:
    """Create at least as many tasks as the feed is asked for."""
    deadline = time.monotonic() + _FILL_SECONDS
    wrk = need("wrk", "wrk")
    script = workshop.bench / "load/tasks.lua"
    url = f"{server.url}/api/{account.user_id}/tasks"
    part = 0
    while _count(_database(server)) < _CHANGES:
        if time.monotonic() > deadline:
            raise BenchError(f"{_CHANGES} tasks were not created in {_FILL_SECONDS} s")
        command: list[Any] = [wrk, "-t1", "-c32", "-d2s", "-s", script, url, "--"]
        run_client([*command, f"Bearer {account.token}", _TASK, f"fill-{part}-"])
        part += 1


def _database(server: TandemServer) -> Path:
    (path,) = server.data.glob("*.db")
    return path


def _count(database: Path) -> int:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        (count,) = connection.execute("SELECT count(*) FROM tasks").fetchone()
    finally:
        connection.close()
    return int(count)


def _checked(reply: httpx.Response) -> bytes:
    body: dict[str, Any] = reply.raise_for_status().json()
    tasks = sum(len(space["tasks"]) for space in body["spaces"])
    if tasks != _CHANGES:
        raise BenchError(f"the feed has {tasks} tasks")
    return reply.content


def _milliseconds(client: httpx.Client, url: str, headers: dict[str, str]) -> float:
    start = time.perf_counter()
    # Raw, so that the client does nothing but read.
    with client.stream("GET", url, headers=headers) as reply:
        size = sum(len(part) for part in reply.iter_raw())
    elapsed = (time.perf_counter() - start) * 1000
    if not reply.is_success or size < _CHANGES * 100:
        raise BenchError(f"{url} answered {reply.status_code} with {size} bytes")
    return elapsed
