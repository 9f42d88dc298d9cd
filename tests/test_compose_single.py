"""One container behind Caddy, by single.yaml: the same headers as without Caddy, https and wss, nothing private."""

import ssl
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tandem_client.client import Options, Tandem
from tandem_testing.backend import PASSWORD
from tandem_testing.caddy import Caddy
from tandem_testing.compose_file import ComposeFile, installation
from tandem_testing.server import TandemServer
from tandem_testing.sockets import connect_with, receive_type

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
    made.environment["TANDEM_HSTS_SECONDS"] = "600"
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
            assert got.headers["strict-transport-security"] == "max-age=600"
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


async def test_pages_of_this_host_may_open_sockets_and_others_not(caddy: Caddy) -> None:
    async with caddy.client() as client:
        reply = await client.post("/api/auth/register", json={"email": "ada@example.com", "password": PASSWORD})
    made = reply.json()
    url = f"{caddy.url.replace('https', 'wss')}/ws/{made['user']['id']}"
    tls = ssl.create_default_context(cafile=str(caddy.authority))
    async with connect_with(url, made["access_token"], origin=caddy.url, ssl=tls) as socket:
        await receive_type(socket, "hello")
    with pytest.raises(InvalidStatus, match="403"):
        await connect_with(url, made["access_token"], origin="https://elsewhere.example", ssl=tls)
