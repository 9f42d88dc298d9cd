"""The databases that the backend runs on, and a backend on each."""

import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tandem_backend.settings import BackendSettings
from tandem_backend.storage.database import Database
from tandem_backend.storage.locate import open_database, prepare_database, sqlite_path
from tandem_testing.backend import BackendHarness, backend_harness, settings_for

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file; copying it is quicker than migrating another one."""
    settings = settings_for(tmp_path_factory.mktemp("template"))
    prepare_database(settings)
    return sqlite_path(settings)


@pytest.fixture
def sqlite_settings(tmp_path: Path, sqlite_template: Path) -> BackendSettings:
    settings = settings_for(tmp_path)
    shutil.copy(sqlite_template, sqlite_path(settings))
    return settings


@pytest.fixture
def postgres_settings(tmp_path: Path, postgres_url: str) -> BackendSettings:
    return settings_for(tmp_path, postgres_url)


@pytest.fixture(params=BOTH)
def settings(request: pytest.FixtureRequest) -> BackendSettings:
    """Of a migrated database without rows, on each kind of database."""
    made: BackendSettings = request.getfixturevalue(f"{request.param}_settings")
    return made


@pytest.fixture
async def database(settings: BackendSettings) -> AsyncGenerator[Database]:
    opened = open_database(settings)
    yield opened
    await opened.close()


@pytest.fixture
async def server(settings: BackendSettings) -> AsyncGenerator[BackendHarness]:
    """A backend on each kind of database."""
    async with backend_harness(settings) as running:
        yield running


@pytest.fixture
async def sqlite_server(sqlite_settings: BackendSettings) -> AsyncGenerator[BackendHarness]:
    """A backend on SQLite, for what does not depend on the database."""
    async with backend_harness(sqlite_settings) as running:
        yield running
