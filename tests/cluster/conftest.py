"""A cluster for all tests of a module: it takes seconds to start."""

import shutil
import tempfile
from collections.abc import AsyncGenerator, Generator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from tandem_testing.certificates import Authority
from tandem_testing.cluster.cluster import Cluster
from tandem_testing.cluster.secure_postgres import SecurePostgres
from tandem_testing.postgres import PostgresServer, temporary_server


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return who issues the certificates of all parts."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def postgres_server(authority: Authority) -> Generator[PostgresServer]:
    """Yield a server of the cluster's own: over TLS and with a password, as between machines."""
    with temporary_server(partial(SecurePostgres, authority=authority)) as server:
        yield server


@pytest.fixture(scope="module")
def cluster_settings() -> dict[str, str]:
    """Return variables for all programs; a module with wishes has a fixture of this name."""
    return {}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(
    postgres_server: PostgresServer, authority: Authority, cluster_settings: dict[str, str]
) -> AsyncGenerator[Cluster]:
    """Yield a running cluster."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-cluster-"))
    pages = folder / "pages"
    pages.mkdir()
    (pages / "index.html").write_text("<!doctype html><title>Tandem</title>")
    try:
        with postgres_server.database() as url:
            made = Cluster(folder / "parts", url, pages=pages, settings=cluster_settings, authority=authority)
            try:
                yield await made.start()
            finally:
                await made.close()
            assert "Traceback" not in made.printed
            assert made.event_key not in made.printed
    finally:
        shutil.rmtree(folder)
