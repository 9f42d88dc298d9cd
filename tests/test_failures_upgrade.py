"""F19: an upgrade that works, one that fails half-way, a step back, and data that seem gone (ST1, ST2)."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import tandem_backend
from tandem_testing.client import fetch
from tandem_testing.server import TandemServer, run_tandem

GOOD = """
    op.add_column("tasks", sa.Column("colour", sa.String(20), nullable=True))
    op.execute("UPDATE tasks SET title = title || '!'")
"""
BAD = {"sql": 'op.execute("UPDATE no_such_table SET x = 1")', "python": 'raise KeyError("colour")'}


def next_version(folder: Path, body: str) -> str:
    """Make a program with one more migration; return the PYTHONPATH under which it runs."""
    package = folder / "next" / "tandem_backend"
    shutil.copytree(Path(tandem_backend.__file__).parent, package)
    newest = max(path.name[:4] for path in (package / "storage/migrations/versions").glob("[0-9]*.py"))
    (package / "storage/migrations/versions/9999_next.py").write_text(
        f'"""Next."""\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = "9999"\n'
        f'down_revision = "{newest}"\nbranch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n    {body.strip()}\n'
    )
    return str(package.parent)


def contents(database: Path) -> list[str]:
    """Return everything in a database, as SQL."""
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.iterdump())


async def stopped_with_a_task(server: TandemServer) -> dict[str, dict[str, object]]:
    """Leave a data folder behind as a user of the present version does."""
    ada = await server.start().register()
    await ada.made(title="kept")
    tasks = await fetch(ada)
    assert server.stop() == 0
    return tasks


async def test_upgrade_keeps_the_data_and_a_copy_f19_st1(tandem: Callable[..., TandemServer], tmp_path: Path) -> None:
    server = tandem()
    (kept,) = (await stopped_with_a_task(server)).values()
    before = contents(server.data / "tandem.db")
    server.environment["PYTHONPATH"] = next_version(tmp_path, GOOD)
    ada = await server.start().login()
    assert (await fetch(ada)) == {kept["id"]: {**kept, "title": "kept!"}}
    (copy,) = server.data.glob("tandem.db.before-*")
    assert f"Brought the database from revision {copy.name.rsplit('-', 1)[1]} to 9999." in server.stdout
    assert str(copy) in server.stdout
    assert contents(copy) == before
    assert copy.stat().st_mode & 0o077 == 0
    assert server.stop() == 0
    # The step back is refused, and the database untouched.
    after = contents(server.data / "tandem.db")
    del server.environment["PYTHONPATH"]
    refused = run_tandem(server.environment, "serve")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "newer version" in refused.stderr
    assert contents(server.data / "tandem.db") == after


@pytest.mark.parametrize("kind", BAD)
async def test_upgrade_that_fails_changes_nothing_f19_st1(
    tandem: Callable[..., TandemServer], tmp_path: Path, kind: str
) -> None:
    server = tandem()
    tasks = await stopped_with_a_task(server)
    before = contents(server.data / "tandem.db")
    broken = next_version(tmp_path, GOOD.rstrip() + "\n    " + BAD[kind])
    failed = run_tandem({**server.environment, "PYTHONPATH": broken}, "serve")
    assert failed.returncode == 1
    assert len(failed.stderr.splitlines()) == 1, failed.stderr
    (copy,) = server.data.glob("tandem.db.before-*")
    assert str(copy) in failed.stderr
    assert contents(server.data / "tandem.db") == before == contents(copy)
    ada = await server.start().login()
    assert await fetch(ada) == tasks


async def test_database_that_is_gone_is_no_empty_list_f19(tandem: Callable[..., TandemServer]) -> None:
    server = tandem()
    tasks = await stopped_with_a_task(server)
    hidden = server.data / "elsewhere.db"
    (server.data / "tandem.db").rename(hidden)
    refused = run_tandem(server.environment, "serve")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "moved or lost" in refused.stderr
    assert not (server.data / "tandem.db").exists()
    hidden.rename(server.data / "tandem.db")
    assert await fetch(await server.start().login()) == tasks
