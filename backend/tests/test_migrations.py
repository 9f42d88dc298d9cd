"""Migrations on both databases: ST1, ST2 (F19)."""

import shutil
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

import tandem_backend.storage.migrate as module
from tandem_backend.storage import sqlite
from tandem_backend.storage.migrate import Migrated, copy_sqlite, migrate, require_newest
from tandem_backend.storage.postgres import create_postgres_engine
from tandem_backend.storage.sqlite import create_sqlite_engine
from tandem_backend.storage.tables import metadata
from tandem_platform.server import StartError

SCRIPTS = Path(module.__file__).parent / "migrations"
NEWEST = max(path.name[:4] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))
ADD = "op.add_column('users', sa.Column('colour', sa.String(10), server_default='red', nullable=False))"
USER = "INSERT INTO users VALUES ('u', 'ada@example.com', 'Ada', 'hash', 'i', 1)"
SPACE = "INSERT INTO spaces VALUES ('i', 'list', 'u', 'e', 0, 0)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tandem.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, path: Path) -> Generator[Engine]:
    """Of an empty database."""
    if request.param == "sqlite":
        made = create_sqlite_engine(path, begin="BEGIN IMMEDIATE")
    else:
        made = create_postgres_engine(request.getfixturevalue("empty_postgres_url"))
    yield made
    made.dispose()


def with_revisions(folder: Path, **bodies: str) -> Path:
    """Return a folder with the real migrations and further ones, each of which does ``bodies[revision]``."""
    scripts = folder / "scripts"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    before = NEWEST
    for revision, body in bodies.items():
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        (scripts / "versions" / f"{revision}_test.py").write_text(
            f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = {revision!r}\n"
            f"down_revision = {before!r}\nbranch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n{lines}\n"
        )
        before = revision
    return scripts


def dump(engine: Engine) -> dict[str, list[Any]]:
    """Return every table with its columns and rows."""
    found: dict[str, list[Any]] = {}
    with engine.connect() as connection:
        inspector = inspect(connection)
        for table in sorted(inspector.get_table_names()):
            columns = [column["name"] for column in inspector.get_columns(table)]
            rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()  # noqa: S608 - names of our tables
            found[table] = [columns, *(tuple(row) for row in rows)]
    return found


def fill(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text(USER))
        connection.execute(text(SPACE))


def test_st1_fresh_database_gets_the_newest_schema(engine: Engine) -> None:
    copies: list[str] = []

    def backup(present: str) -> Path:
        copies.append(present)
        raise AssertionError("there is nothing to copy")

    assert migrate(engine, backup) == Migrated(None, NEWEST, None)
    again = migrate(engine, backup)
    assert (again, again.changed, copies) == (Migrated(NEWEST, NEWEST, None), False, [])
    require_newest(engine)


def test_tables_and_migrations_agree(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_st1_older_database_is_brought_forward(engine: Engine, tmp_path: Path) -> None:
    migrate(engine)
    fill(engine)
    more = with_revisions(tmp_path, t002=ADD, t003="op.execute(\"UPDATE users SET colour = 'blue'\")")
    done = migrate(engine, scripts=more)
    assert (done.before, done.after, done.changed) == (NEWEST, "t003", True)
    assert dump(engine)["users"][1][-1] == "blue"


def test_st1_sqlite_is_copied_before_the_first_change(path: Path, tmp_path: Path) -> None:
    engine = create_sqlite_engine(path, begin="BEGIN IMMEDIATE")
    migrate(engine)
    fill(engine)
    before = dump(engine)
    # What lies in the write-ahead log is part of the database: here everything does.
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("SELECT * FROM users").fetchall()
        done = migrate(engine, copy_sqlite(path), with_revisions(tmp_path, t002=ADD))
    assert done.backup is not None
    assert done.backup.stat().st_mode & 0o777 == 0o600
    copied = create_sqlite_engine(done.backup, begin="BEGIN")
    assert dump(copied) == before
    assert dump(engine) != before
    copied.dispose()
    engine.dispose()


def test_st1_copy_never_replaces_another_copy(path: Path) -> None:
    engine = create_sqlite_engine(path, begin="BEGIN IMMEDIATE")
    migrate(engine)
    copies = {copy_sqlite(path)("0001") for _ in range(3)}
    assert len(copies) == 3
    engine.dispose()


FAILURES = {
    "statement": "op.execute('UPDATE missing SET x = 1')",
    "python": "raise ValueError('a mistake in the migration')",
    "schema": "op.create_table('users', sa.Column('id', sa.Integer()))",
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_st1_failing_migration_leaves_the_database_as_it_was(engine: Engine, tmp_path: Path, failure: str) -> None:
    migrate(engine)
    fill(engine)
    before = dump(engine)
    body = "\n".join([ADD, "op.execute(\"UPDATE users SET colour = 'blue', name = 'lost'\")", failure])
    with pytest.raises(StartError, match=r"The copy from before is /copies/tandem\.db"):
        migrate(engine, lambda _: Path("/copies/tandem.db"), with_revisions(tmp_path, t002=body))
    assert dump(engine) == before
    require_newest(engine)


def test_st1_migration_after_a_failure_goes_on_where_it_stopped(engine: Engine, tmp_path: Path) -> None:
    migrate(engine)
    broken, mended = tmp_path / "broken", tmp_path / "mended"
    with pytest.raises(StartError):
        migrate(engine, scripts=with_revisions(broken, t002=ADD, t003="raise ValueError"))
    assert migrate(engine, scripts=with_revisions(mended, t002=ADD, t003="pass")).after == "t003"
    assert "colour" in dump(engine)["users"][0]


def test_st1_rebuilding_a_table_keeps_what_refers_to_it(engine: Engine, tmp_path: Path) -> None:
    """SQLite changes a column by copying its table and dropping the old one, which must not cascade."""
    migrate(engine)
    fill(engine)
    body = "with op.batch_alter_table('users') as batch:\n    batch.alter_column('name', type_=sa.Text())"
    migrate(engine, scripts=with_revisions(tmp_path, t002=body))
    assert len(dump(engine)["spaces"]) == 2
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(SPACE.replace("'u'", "'nobody'").replace("'i'", "'j'")))


def test_st1_copy_that_fails_is_one_line_and_changes_nothing(path: Path, tmp_path: Path) -> None:
    engine = create_sqlite_engine(path, begin="BEGIN IMMEDIATE")
    migrate(engine)
    before = dump(engine)
    more = with_revisions(tmp_path, t002=ADD)

    def full(_: str) -> Path:
        raise sqlite3.OperationalError("database or disk is full")

    for backup in (full, copy_sqlite(tmp_path / "nowhere" / "tandem.db")):
        with pytest.raises(StartError) as caught:
            migrate(engine, backup, more)
        assert "\n" not in str(caught.value)
        assert dump(engine) == before
    engine.dispose()


def test_st2_newer_database_is_refused_untouched(engine: Engine, tmp_path: Path) -> None:
    migrate(engine, scripts=with_revisions(tmp_path, t002=ADD))
    fill_newer = USER.replace("1)", "1, 'green')")
    with engine.begin() as connection:
        connection.execute(text(fill_newer))
    before = dump(engine)
    with pytest.raises(StartError, match=r"revision t002.*newer version.*Nothing was changed"):
        migrate(engine, lambda _: Path("/never"))
    with pytest.raises(StartError, match="t002"):
        require_newest(engine)
    assert dump(engine) == before


def test_st2_newer_sqlite_file_stays_the_same_to_the_byte(path: Path, tmp_path: Path) -> None:
    engine = create_sqlite_engine(path, begin="BEGIN IMMEDIATE")
    migrate(engine, scripts=with_revisions(tmp_path, t002=ADD))
    engine.dispose()
    before = path.read_bytes()
    engine = create_sqlite_engine(path, begin="BEGIN IMMEDIATE")
    with pytest.raises(StartError):
        migrate(engine, copy_sqlite(path))
    engine.dispose()
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.glob("tandem.db*")] == ["tandem.db"]


def test_locked_sqlite_is_one_line_for_the_operator(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.01)
    engine = create_sqlite_engine(path, begin="BEGIN IMMEDIATE")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StartError, match="locked"):
            migrate(engine)
    assert migrate(engine).before is None
    engine.dispose()


def test_file_that_is_no_database_is_one_line_for_the_operator(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)
    engine = create_sqlite_engine(path, begin="BEGIN IMMEDIATE")
    with pytest.raises(StartError, match="not a database"):
        migrate(engine)
    engine.dispose()
    assert path.read_bytes() == b"no database at all" * 100


@pytest.mark.postgres
def test_unreachable_postgres_is_one_line_for_the_operator(tmp_path: Path) -> None:
    engine = create_postgres_engine(f"postgresql://postgres:hush@/x?host={tmp_path}")
    with pytest.raises(StartError) as caught:
        migrate(engine)
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)
    engine.dispose()
