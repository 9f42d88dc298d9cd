"""ST5, ST6, F22: backups of one database restored into the other, while clients are ahead of them."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from tandem_backend.storage.postgres import create_postgres_engine
from tandem_backend.storage.tables import users
from tandem_protocol.ids import uuid7
from tandem_testing.client import fetch, following
from tandem_testing.server import TandemServer, environment, run_tandem


def refused(variables: dict[str, str], *arguments: str) -> str:
    """Run a command that has to refuse, and return its one line."""
    done = run_tandem(variables, *arguments)
    assert done.returncode == 1, done.stdout
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def make_backup(variables: dict[str, str], path: Path, *options: str) -> None:
    done = run_tandem(variables, "backup", str(path), *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in path.parent.iterdir() if path.name in found.name] == [path.name]


@pytest.mark.parametrize(("source", "target"), [("sqlite", "sqlite"), ("sqlite", "pg"), ("pg", "sqlite"), ("pg", "pg")])
async def test_clients_follow_a_restore_and_keep_unsent_edits_f22_st5_st6(
    tandem: Callable[..., TandemServer], empty_postgres_url: str, tmp_path: Path, source: str, target: str
) -> None:
    urls = {"sqlite": "", "pg": empty_postgres_url}
    server = tandem(HEARTBEAT_INTERVAL="0.5", DATABASE_URL=urls[source]).start()
    ada, other = await server.register(), await server.login()
    kept = await ada.made(title="as it was", due={"kind": "day", "date": "2026-02-28"})
    gone = await ada.made(title="deleted before")
    await ada.delete(gone["id"])
    expected = {task_id: task["title"] for task_id, task in (await fetch(ada)).items()}
    file = tmp_path / "tandem.backup"
    await asyncio.to_thread(make_backup, server.environment, file)
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(following(device)) for device in (ada, other)]
        await ada.patch(kept["id"], title="changed since")
        for number in range(3):
            await ada.made(title=f"since the backup {number}")
        for client in clients:
            await client.shows(await fetch(ada))
        place = (await ada.changes())["cursor"]
        assert await asyncio.to_thread(server.stop) == 0
        server.environment["DATABASE_URL"] = urls[target]
        replace = ["--replace"] if source == target else []
        if replace:
            said = await asyncio.to_thread(refused, server.environment, "restore", str(file))
            assert "accounts" in said
        done = await asyncio.to_thread(run_tandem, server.environment, "restore", str(file), *replace)
        assert (done.returncode, done.stderr) == (0, "")
        await asyncio.to_thread(server.start)
        assert {task_id: task["title"] for task_id, task in (await fetch(ada)).items()} == expected
        for client in clients:
            await client.shows(await fetch(ada))
            assert client.resets > 2
        # The edit that waited: made without a network, sent after the restore.
        unsent = uuid7(1_900_000_000_000, os.urandom)
        assert all(space["reset"] for space in (await ada.changes(place))["spaces"])
        sent = await ada.create("unsent-key", id=unsent, title="made offline")
        assert sent.status_code == 201, sent.text
        for client in clients:
            await client.shows(await fetch(ada))
            assert client.tasks[unsent]["title"] == "made offline"
    if target == source == "sqlite":
        old = server.data / "tandem.db.before-restore"
        with closing(sqlite3.connect(old)) as connection:
            titles = {row[0] for row in connection.execute("SELECT title FROM tasks")}
        assert "changed since" in titles, "the database from before is kept"


async def test_backup_holds_one_moment_of_a_busy_server_st5(
    tandem: Callable[..., TandemServer], tmp_path: Path
) -> None:
    server = tandem().start()
    ada = await server.register()
    enough, stop = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        made = 0
        while not stop.is_set():
            await ada.made(title=f"task {made}")
            made += 1
            if made == 20:
                enough.set()

    writing = asyncio.create_task(write())
    await enough.wait()
    file = tmp_path / "tandem.backup"
    await asyncio.to_thread(make_backup, server.environment, file)
    stop.set()
    await writing
    with closing(sqlite3.connect(file)) as connection:
        heads = dict(connection.execute("SELECT id, head FROM spaces"))
        counts = dict(connection.execute("SELECT space_id, max(seq) FROM tasks GROUP BY space_id"))
        keys = connection.execute("SELECT name FROM backup_keys").fetchall()
    assert {space: head for space, head in heads.items() if head} == counts
    assert sum(counts.values()) >= 20
    assert keys == [], "keys are kept only when they are asked for"


async def test_outbox_is_not_published_after_a_restore_st6(tandem: Callable[..., TandemServer], tmp_path: Path) -> None:
    server = tandem().start()
    await (await server.register()).made()
    server.stop()
    with closing(sqlite3.connect(server.data / "tandem.db")) as connection, connection:
        connection.execute("INSERT INTO outbox (event) VALUES (X'7b7d')")
    file = tmp_path / "tandem.backup"
    make_backup(server.environment, file)
    assert run_tandem(server.environment, "restore", str(file), "--replace").returncode == 0
    with closing(sqlite3.connect(server.data / "tandem.db")) as connection:
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


async def test_backup_with_keys_moves_a_server_to_another_machine_st5(
    tandem: Callable[..., TandemServer], tmp_path: Path
) -> None:
    server, elsewhere = tandem().start(), tandem()
    ada = await server.register()
    made = await ada.made(title="moves")
    file = tmp_path / "tandem.backup"
    make_backup(server.environment, file, "--with-keys")
    server.stop()
    elsewhere.environment["PORT"] = str(server.port)
    done = run_tandem(elsewhere.environment, "restore", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    elsewhere.start()
    await server.refresh(ada)
    assert [task["id"] for task in (await ada.tasks())["tasks"]] == [made["id"]]
    keys = {path.name: path.read_bytes() for path in (elsewhere.data / "keys").iterdir()}
    assert keys == {path.name: path.read_bytes() for path in (server.data / "keys").iterdir()}
    assert {path.stat().st_mode & 0o777 for path in (elsewhere.data / "keys").iterdir()} == {0o600}
    for key in keys.values():
        assert key not in (elsewhere.data / "tandem.db").read_bytes()
    elsewhere.stop()
    third = tandem().start()
    third.stop()
    own = {path.name: path.read_bytes() for path in (third.data / "keys").iterdir()}
    assert "other keys" in refused(third.environment, "restore", str(file))
    assert run_tandem(third.environment, "restore", str(file), "--replace").returncode == 0
    before = third.data / "keys.before-restore"
    assert {path.name: path.read_bytes() for path in before.iterdir()} == own
    (third.data / "tandem.db").unlink()
    mounted = {**third.environment, "TANDEM_KEYS_DIR": "/dev/shm"}  # noqa: S108 - mounted wherever there is Linux
    assert "cannot be replaced" in refused(mounted, "restore", str(file))
    assert not (third.data / "tandem.db").exists()


def damaged_copies(whole: bytes) -> dict[str, bytes]:
    title = whole.index(b"a title to be damaged")
    return {
        "cut": whole[: len(whole) // 2],
        "a letter": whole[:title] + b"X" + whole[title + 1 :],
        "no text": whole[:title] + b"\xff" + whole[title + 1 :],
        "head only": whole[:100],
        "empty": b"",
        "other": b"not a database at all" * 100,
    }


async def test_damaged_backup_changes_nothing_st6(tandem: Callable[..., TandemServer], tmp_path: Path) -> None:
    server = tandem().start()
    await (await server.register()).made(title="a title to be damaged")
    server.stop()
    file = tmp_path / "tandem.backup"
    make_backup(server.environment, file)
    before = {path.name: path.read_bytes() for path in server.data.glob("tandem.db*")}
    for what, content in damaged_copies(file.read_bytes()).items():
        broken = tmp_path / "broken"
        broken.write_bytes(content)
        said = refused(server.environment, "restore", str(broken), "--replace")
        assert "damaged" in said or "not a backup" in said, (what, said)
        assert {path.name: path.read_bytes() for path in server.data.glob("tandem.db*")} == before, what


async def test_what_backup_and_restore_refuse_st5_st6(tandem: Callable[..., TandemServer], tmp_path: Path) -> None:
    server = tandem().start()
    await server.register()
    file = tmp_path / "tandem.backup"
    make_backup(server.environment, file)
    assert "exists already" in refused(server.environment, "backup", str(file))
    assert "exists already" in refused(server.environment, "backup", str(server.data / "tandem.db"))
    assert "No such file" in refused(server.environment, "backup", str(tmp_path / "nowhere" / "file"))
    assert "in use by another Tandem" in refused(server.environment, "restore", str(file), "--replace")
    server.stop()
    assert "accounts" in refused(server.environment, "restore", str(file))
    assert "there is no backup" in refused(server.environment, "restore", str(tmp_path / "nothing"))
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    assert "not a backup" in refused(server.environment, "restore", str(tmp_path / "other.db"), "--replace")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("DROP TABLE backup_contents")
    assert "newer version" in refused(server.environment, "restore", str(file), "--replace")
    assert "there is no database" in refused(environment(tmp_path / "fresh"), "backup", str(tmp_path / "b"))


async def test_restore_into_postgres_that_is_in_use_is_refused_st6(
    tandem: Callable[..., TandemServer], postgres_url: str, tmp_path: Path
) -> None:
    server = tandem().start()
    await server.register()
    file = tmp_path / "tandem.backup"
    make_backup(server.environment, file)
    into = environment(tmp_path / "into", DATABASE_URL=postgres_url)
    engine = create_postgres_engine(postgres_url)
    try:
        with engine.begin() as connection:
            connection.execute(
                insert(users).values(
                    id="1", email="eve@example.com", name="Eve", password_hash="", inbox_id="1", created_at=0
                )
            )
        with engine.connect():
            assert "other connection" in refused(into, "restore", str(file), "--replace")
        engine.dispose()
        assert "accounts already" in refused(into, "restore", str(file))
        with engine.begin() as connection:
            assert connection.execute(delete(users)).rowcount == 1
    finally:
        engine.dispose()
    assert run_tandem(into, "restore", str(file)).returncode == 0
