"""One container behind Caddy, by single.yaml: the same headers as without Caddy, https and wss, nothing private."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from tandem_client.client import Options, Tandem
from tandem_testing.backend import PASSWORD
from tandem_testing.caddy import Caddy
from tandem_testing.compose_file import ComposeFile, installation
from tandem_testing.server import TandemServer

HEADERS = (
    "content-type",
    "content-security-policy",
    "cache-control",
    "x-content-type-options",
    "referrer-policy",
    "content-encoding",
)
PATHS = ("/", "/index.html", "/nowhere", "/api/openapi.json", "/api/nowhere", "/status", "/.well-known/jwks.json")


@pytest.fixture
def server(tandem: Callable[..., TandemServer]) -> TandemServer:
    return tandem().start()


@pytest.fixture
async def caddy(server: TandemServer, tmp_path: Path) -> AsyncGenerator[Caddy]:
    file = ComposeFile.load(installation(tmp_path / "installation") / "single.yaml")
    made = Caddy(tmp_path / "caddy", file, {"tandem:8000": server.port})
    made.start()
    try:
        await made.ready()
        yield made
    finally:
        made.kill()


async def test_the_same_headers_by_https(caddy: Caddy, server: TandemServer) -> None:
    async with server.http() as direct, caddy.client() as client:
        for path in PATHS:
            expected, got = await direct.get(path), await client.get(path)
            assert (got.status_code, got.content) == (expected.status_code, expected.content)
            assert [got.headers.get(name) for name in HEADERS] == [expected.headers.get(name) for name in HEADERS]
        for path in ("/metrics", "/ready", "/health", "/internal/heads"):
            assert (await client.get(path)).status_code == 404


async def test_sockets_by_wss(caddy: Caddy) -> None:
    options = Options(ca=caddy.authority, trust_env=False)
    async with (
        Tandem.register(caddy.url, email="ada@example.com", password=PASSWORD, options=options) as writer,
        Tandem.connect(caddy.url, email="ada@example.com", password=PASSWORD, options=options) as reader,
    ):
        changes = reader.changes()
        task = await writer.add("by wss")
        assert (await anext(changes)).task == task
