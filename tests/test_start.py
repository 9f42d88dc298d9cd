"""Starts that cannot work: one line that says why, a non-zero status, no traceback; and ends that lose nothing."""

import asyncio
import os
import random
import resource
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tandem_testing.client import fetch, following, socket_url
from tandem_testing.server import TandemServer, environment, run_tandem
from tandem_testing.sockets import close_code, connect_with, receive_type


def refused(folder: Path, says: str, **settings: str) -> None:
    """Check that a start ends with one line."""
    check_refusal(run_tandem(environment(folder, **settings), "serve"), says)


def check_refusal(ended: subprocess.CompletedProcess[str], says: str) -> None:
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert ended.stderr.startswith("tandem: ")
    assert says in ended.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("HEARTBEAT_INTERVAL", "0"),
        ("HEARTBEAT_INTERVAL", "nan"),
        ("TANDEM_REGISTRATION", "perhaps"),
        ("TANDEM_LOG_LEVEL", "LOUD"),
        ("TANDEM_ACCESS_TOKEN_SECONDS", "1"),
        ("TANDEM_MAX_CONNECTIONS_PER_USER", "0"),
        ("TANDEM_TRIES_PER_ACCOUNT", "many"),
        ("TANDEM_SESSION_DAYS", ""),
    ],
)
def test_broken_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    refused(tmp_path, name, **{name: value})
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://root@localhost/tandem", "postgresql://"),
        ("postgresql://user:hunter2@[/tandem", "cannot be used"),
        ("postgresql://user:hunter2@127.0.0.1:1/tandem", "cannot be used"),
        ("postgresql://user:hunter2@127.0.0.1:port/tandem", "DATABASE_URL"),
    ],
)
def test_database_that_is_none(tmp_path: Path, url: str, says: str) -> None:
    ended = run_tandem(environment(tmp_path, DATABASE_URL=url), "serve")
    check_refusal(ended, says)
    assert "hunter2" not in ended.stderr


def test_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused(tmp_path, "Set PORT or HOST", PORT=str(taken.getsockname()[1]))
    assert not (tmp_path / "data" / "tandem.db").exists()


def test_address_of_another_machine(tmp_path: Path) -> None:
    refused(tmp_path, "cannot listen on 192.0.2.1", HOST="192.0.2.1")


def test_data_folder_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused(tmp_path, "cannot write to the data folder", TANDEM_DATA_DIR=str(tmp_path / "file"))
    refused(tmp_path, "cannot write to the data folder", TANDEM_DATA_DIR=str(tmp_path / "file" / "below"))
    refused(tmp_path, "cannot write to the data folder", TANDEM_DATA_DIR="/proc/tandem")


def test_missing_frontend(tmp_path: Path) -> None:
    refused(tmp_path, "no built frontend", TANDEM_FRONTEND_DIR=str(tmp_path / "nowhere"))


@pytest.mark.parametrize("content", [b"this is no database, whatever its name says" * 100, b"SQLite format 3\0"])
def test_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tandem.db").write_bytes(content)
    refused(tmp_path, "the database cannot be used")
    assert (tmp_path / "data" / "tandem.db").read_bytes() == content


def test_locked_database(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / "tandem.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        refused(tmp_path, "locked")


@pytest.mark.parametrize("name", ["signing-broken.pem", "refresh.key"])
def test_damaged_key(tandem: Callable[..., TandemServer], name: str) -> None:
    server = tandem().start()
    assert server.stop() == 0
    (server.data / "keys" / name).write_bytes(b"damaged")
    check_refusal(run_tandem(server.environment, "serve"), name)


def test_second_process_on_the_same_folder_st3(running: TandemServer) -> None:
    second = {**running.environment, "PORT": "0"}
    check_refusal(run_tandem(second, "serve"), f"in use by another Tandem (process {running.pid})")
    for command in ("rotate-epoch", "rotate-keys"):
        check_refusal(run_tandem(second, command), "in use by another Tandem")
    assert httpx.get(f"{running.url}/ready", trust_env=False).status_code == 200


def test_interrupted_while_it_starts(tandem: Callable[..., TandemServer]) -> None:
    """SIGINT at random moments, before Python has its handler included: never a traceback."""
    chance = random.SystemRandom()
    for _ in range(8):
        server = tandem()
        server.launch()
        # The moment is what is tried out.
        assert not server.ends_within(chance.uniform(0.1, 2.0)), server.stderr
        status = server.stop(signal.SIGINT)
        assert status in {0, 130, -signal.SIGINT}, server.stderr
        assert "Traceback" not in server.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_clean_end_with_open_sockets_and_requests_ws9(tandem: Callable[..., TandemServer], number: int) -> None:
    server = tandem(HEARTBEAT_INTERVAL="3600").start()
    ada = await server.register()
    answered: list[str] = []
    going = True

    async def write() -> None:
        while going:
            task = str(uuid4())
            try:
                reply = await ada.create(id=task)
            except httpx.TransportError:
                return
            if reply.status_code == 201:
                answered.append(task)

    writers = [asyncio.create_task(write()) for _ in range(8)]
    async with connect_with(socket_url(ada), ada.token) as socket:
        for _ in range(20):
            await receive_type(socket, "task_update")
        began = time.monotonic()
        ended = asyncio.create_task(asyncio.to_thread(server.stop, number))
        code, messages = await close_code(socket)
        assert await ended == 0
        going = False
        # Five seconds are promised; the machine that runs the tests may have other things to do.
        assert time.monotonic() - began < 15
    await asyncio.gather(*writers)
    assert code == 1012
    assert [message["type"] for message in messages][-1] == "reconnect"
    assert 0 <= messages[-1]["after_ms"] <= 5000
    server.start()
    assert set(answered) <= set(await fetch(ada))


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """Yield a folder on a disk of 3 MB."""
    if os.geteuid() != 0:
        # Nobody else may mount. Continuous integration runs as root, and fails when a test was skipped.
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> Path:
    """Leave no room on a disk; return the file that took it."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    return ballast


async def test_full_disk_refuses_writes_loses_nothing_and_recovers(
    tandem: Callable[..., TandemServer], small_disk: Path, tmp_path: Path
) -> None:
    """The writes are refused with 507, reading goes on, and with some room everything goes on by itself."""
    server = tandem(tmp_path / "server", TANDEM_DATA_DIR=str(small_disk), HEARTBEAT_INTERVAL="0.5").start()
    ada, other = await server.register(), await server.login()
    async with following(other) as client:
        ballast = fill(small_disk)
        kept: dict[str, dict[str, object]] = {}
        while (reply := await ada.create(description="x" * 20_000)).status_code == 201:
            kept[reply.json()["id"]] = reply.json()
        assert (reply.status_code, reply.json()["code"]) == (507, "storage_full")
        key = str(uuid4())
        assert (await ada.create(key, description="y" * 20_000)).status_code == 507
        assert await fetch(ada) == kept
        await client.shows(kept)
        ballast.unlink()
        reply = await ada.create(key, description="y" * 20_000)
        assert reply.status_code == 201
        assert "idempotency-replayed" not in reply.headers
        kept[reply.json()["id"]] = reply.json()
        assert await fetch(ada) == kept
        await client.shows(kept)
    await asyncio.to_thread(server.restart)
    assert await fetch(ada) == kept


def test_start_on_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    fill(small_disk)
    check_refusal(run_tandem(environment(tmp_path / "server", TANDEM_DATA_DIR=str(small_disk)), "serve"), "")


def test_limit_on_the_size_of_files(tmp_path: Path) -> None:
    """A quota, as a full disk looks to a database that has no room for its first page."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    check_refusal(run_tandem(environment(tmp_path), "serve", before=limit), "")


async def test_database_locked_by_another_program_while_it_runs(running: TandemServer) -> None:
    """A write waits, then is refused with 503, and is done under the same key as soon as the lock is gone."""
    ada = await running.register()
    with closing(sqlite3.connect(running.data / "tandem.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        reply = await ada.create("key", title="once")
        assert (reply.status_code, reply.json()["code"]) == (503, "unavailable")
        assert "retry-after" in reply.headers
        assert await fetch(ada) == {}
        other.execute("ROLLBACK")
    assert (await ada.create("key", title="once")).status_code == 201
    assert len(await fetch(ada)) == 1
