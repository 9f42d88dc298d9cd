"""ST4: an embedded SQLite installation goes on in PostgreSQL, and its clients do not notice."""

import asyncio
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tandem_protocol.ids import uuid7
from tandem_testing.client import fetch, following
from tandem_testing.server import TANDEM, TandemServer, environment, run_tandem

_MANY = 60_000


def refused(variables: dict[str, str], url: str) -> str:
    """Run the command, which has to refuse, and return its one line."""
    done = run_tandem(variables, "migrate-to", url)
    assert done.returncode == 1, done.stdout
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def contents(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "tandem.db")) as connection:
        return list(connection.iterdump())


def killed_at(line: str, command: list[str], variables: dict[str, str]) -> int:
    """Run a command, kill it when it prints a line that begins so, and return its exit status."""
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for printed in process.stdout:
            if printed.startswith(line):
                process.kill()
    return process.returncode


async def test_clients_go_on_after_the_move_st4(tandem: Callable[..., TandemServer], empty_postgres_url: str) -> None:
    server = tandem(HEARTBEAT_INTERVAL="0.5").start()
    ada, away = await server.register(), await server.login()
    first = await ada.made(title="first", description="ünïcödé 🦆", due={"kind": "day", "date": "2026-02-28"})
    deleted = await ada.made(title="deleted")
    answered = await ada.create("answered-key", title="answered before")
    place = (await away.changes())["cursor"]
    await ada.delete(deleted["id"])
    await ada.patch(first["id"], completed=True)
    async with following(ada) as client:
        resets = client.resets
        before = await fetch(ada)
        await client.shows(before)
        assert "in use by another Tandem" in await asyncio.to_thread(refused, server.environment, empty_postgres_url)
        assert await asyncio.to_thread(server.stop) == 0
        source = contents(server.data)
        secret = empty_postgres_url + "&password=hunter2"
        done = await asyncio.to_thread(run_tandem, server.environment, "migrate-to", secret)
        assert (done.returncode, done.stderr) == (0, "")
        assert "DATABASE_URL=postgresql://" in done.stdout
        assert "hunter2" not in done.stdout
        assert contents(server.data) == source, "the source is untouched"
        server.environment["DATABASE_URL"] = empty_postgres_url
        await asyncio.to_thread(server.start)
        assert await fetch(ada) == before
        # The device that was away: its cursor, its cookie, the answer that it never got, and its unsent edit.
        await server.refresh(away)
        page = await away.changes(place)
        assert not any(space["reset"] for space in page["spaces"])
        named = {task["id"] for space in page["spaces"] for task in space["tasks"]}
        assert (named, [d for space in page["spaces"] for d in space["deleted"]]) == ({first["id"]}, [deleted["id"]])
        again = await away.create("answered-key", title="answered before")
        assert again.json() == answered.json()
        unsent = uuid7(1_900_000_000_000, os.urandom)
        assert (await away.create("unsent-key", id=unsent, title="made offline")).status_code == 201
        after = await fetch(ada)
        assert set(after) == {*before, unsent}
        await client.shows(after)
        assert client.resets == resets
    with psycopg.connect(empty_postgres_url) as connection:
        row = connection.execute("SELECT last_value FROM outbox_id_seq").fetchone()
    assert row is not None
    assert row[0] >= 1
    server.stop()
    del server.environment["DATABASE_URL"]
    with psycopg.connect(empty_postgres_url) as connection:
        # As if it were of another version: it is refused before anything is done to it.
        connection.execute("DELETE FROM alembic_version")
    assert "accounts already" in refused(server.environment, empty_postgres_url)


async def test_killed_half_way_and_done_again_st4(tandem: Callable[..., TandemServer], empty_postgres_url: str) -> None:
    server = tandem().start()
    ada = await server.register()
    await ada.made(title="real")
    server.stop()
    with closing(sqlite3.connect(server.data / "tandem.db")) as connection, connection:
        space, head = connection.execute("SELECT id, head FROM spaces WHERE head > 0").fetchone()
        columns = [row[1] for row in connection.execute("PRAGMA table_info(tasks)")]
        chosen = [
            "printf('copy-%d', value)" if name == "id" else "value" if name == "seq" else name for name in columns
        ]
        query = f"INSERT INTO tasks SELECT {', '.join(chosen)} FROM tasks, numbers LIMIT {_MANY}"  # noqa: S608 - its own names
        connection.execute("CREATE TEMP TABLE numbers (value INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO numbers VALUES (?)", ((head + 1 + n,) for n in range(_MANY)))
        connection.execute(query)
        connection.execute("UPDATE spaces SET head = head + ? WHERE id = ?", (_MANY, space))
        # An event that was not published: its id must not be given out again.
        connection.execute("INSERT INTO outbox (id, event) VALUES (4711, X'7b7d')")
    source = contents(server.data)
    command = [TANDEM, "migrate-to", empty_postgres_url]
    assert await asyncio.to_thread(killed_at, "tasks: 10,000 ", command, server.environment) == -signal.SIGKILL
    assert contents(server.data) == source
    with psycopg.connect(empty_postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM tasks").fetchone() == (0,)
    done = run_tandem(server.environment, "migrate-to", empty_postgres_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"tasks: {_MANY + 1:,} row(s)" in done.stdout
    with psycopg.connect(empty_postgres_url) as connection:
        assert connection.execute("SELECT count(*), max(seq) FROM tasks").fetchone() == (_MANY + 1, head + _MANY)
        assert connection.execute("SELECT nextval('outbox_id_seq')").fetchone() == (4712,)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE tasks SET title = 'a' || char(0) || 'b'", "NUL"),
        ("UPDATE users SET name = hex(zeroblob(51))", "value too long"),
        ("UPDATE alembic_version SET version_num = '9999'", "revision 9999"),
    ],
)
async def test_what_cannot_be_copied_leaves_the_target_empty_st4(
    tandem: Callable[..., TandemServer], postgres_url: str, change: str, says: str
) -> None:
    server = tandem().start()
    await (await server.register()).made()
    server.stop()
    with closing(sqlite3.connect(server.data / "tandem.db")) as connection, connection:
        connection.execute(change)
    assert says in refused(server.environment, postgres_url)
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://db/tandem", "must begin with postgresql://"),
        ("postgresql://ada:hunter2@127.0.0.1:1/tandem", "cannot be used"),
        ("postgresql://ada:hunter2@127.0.0.1:no/tandem", "cannot be read"),
    ],
)
async def test_target_that_is_none_st4(tandem: Callable[..., TandemServer], url: str, says: str) -> None:
    server = tandem().start()
    server.stop()
    said = refused(server.environment, url)
    assert says in said
    assert "hunter2" not in said


def test_source_that_is_none_st4(tmp_path: Path, postgres_url: str) -> None:
    assert "there is no database" in refused(environment(tmp_path), postgres_url)
    assert "DATABASE_URL is set" in refused(environment(tmp_path, DATABASE_URL=postgres_url), postgres_url)
