"""The installation by Compose as processes: https and wss, PostgreSQL and Redis by TLS only, nobody else gets in."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
import pytest_asyncio

from tandem_client.client import Options, Tandem
from tandem_client.status import Phase
from tandem_testing.backend import PASSWORD
from tandem_testing.cluster.cluster import until
from tandem_testing.cluster.composed import SOCKETS, Composed
from tandem_testing.daprd import Daprd
from tandem_testing.postgres import find_programs
from tandem_testing.server import run_tandem

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="tandem-composed-"))
    # PostgreSQL's user has to get through it.
    made.chmod(0o711)
    (made / "pages").mkdir()
    for name in ("index", "404"):
        (made / "pages" / f"{name}.html").write_text(f"<!doctype html><title>{name}</title><script>{name!r}</script>")
    yield made
    shutil.rmtree(made)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def composed(folder: Path) -> AsyncGenerator[Composed]:
    """Yield the running installation."""
    programs = find_programs()
    assert programs is not None, "PostgreSQL is not installed"
    made = Composed(folder, programs, folder / "pages")
    try:
        yield await made.start()
    finally:
        made.close()


async def test_a_change_reaches_another_device_by_https_and_wss(composed: Composed) -> None:
    options = Options(ca=composed.caddy.authority, trust_env=False)
    registered = Tandem.register(composed.caddy.url, email="ada@example.com", password=PASSWORD, options=options)
    entered = Tandem.connect(composed.caddy.url, email="ada@example.com", password=PASSWORD, options=options)
    async with registered as writer, entered as reader:
        await reader.until(lambda: reader.status.phase is Phase.LIVE)
        changes = reader.changes()
        task = await writer.add("by wss")
        change = await anext(changes)
        assert change.task == task
        assert change.actor is not None, "it came by the socket and was not fetched"


async def test_pages_come_with_their_policies_and_http_leads_to_https(composed: Composed) -> None:
    async with composed.caddy.client() as client:
        page = await client.get("/")
        assert "script-src 'self' 'sha256-" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "same-origin"
        interface = await client.get("/api/openapi.json")
        assert interface.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert (await client.get("/status")).json().keys() >= {"connections"}
        assert (await client.get("/.well-known/jwks.json")).json()["keys"]
        plain = await client.get(f"http://localhost:{composed.caddy.plain_port}/tasks?x=1")
        assert (plain.status_code, plain.headers["location"]) == (308, "https://localhost/tasks?x=1")


@pytest.mark.parametrize(
    "path",
    ["/internal/heads", "/internal/canary", "/events/task-updates", "/dapr/config", "/metrics", "/ready", "/health"],
)
async def test_what_is_between_the_containers_is_hidden(composed: Composed, path: str) -> None:
    async with composed.caddy.client() as client:
        for reply in (await client.get(path), await client.post(path, json={})):
            assert reply.status_code in {404, 405}
            assert "healthy" not in reply.text


async def test_browsers_have_their_own_address_and_a_secure_cookie(composed: Composed) -> None:
    async with composed.caddy.client() as client:
        body = {"email": "eve@example.com", "password": PASSWORD}
        forged = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "http"}
        reply = await client.post("/api/auth/register", json=body, headers=forged)
        assert reply.status_code == 201
        assert "Secure" in reply.headers["set-cookie"]
    printed = "".join(composed.programs[name].printed for name in ("backend-0", "backend-1"))
    audit = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    addresses = {line["address"] for line in audit if line["event"] == "registered"}
    assert addresses <= {"127.0.0.1", "::1"}
    assert addresses, "the audit log has it"


async def test_health_checks_say_that_it_is_well(composed: Composed) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for name, sidecar in composed.sidecars.items():
            check: str = composed.file.services[name]["healthcheck"]["test"][1]
            check = check.replace(":3500/", f":{sidecar.http_port}/")
            urls = re.findall(r"http://\S+", re.sub(r":(8000|8005)/", f":{composed.ports[name]}/", check))
            assert len(urls) == 2
            for url in urls:
                assert (await client.get(url)).is_success, url


def passes(check: str) -> bool:
    return subprocess.run(["sh", "-c", check], capture_output=True, check=False).returncode == 0


async def test_the_health_check_of_redis_shows_the_password(composed: Composed) -> None:
    check = composed.file.secret_path(composed.file.services["redis"]["healthcheck"]["test"][1])
    check = check.replace("$$", "$").replace("redis-cli ", f"redis-cli -p {composed.ports['redis']} ")
    assert await asyncio.to_thread(passes, check)
    assert not await asyncio.to_thread(passes, check.replace("cut", "true"))


async def test_a_backup_by_the_container_of_commands(composed: Composed, tmp_path: Path) -> None:
    environment = composed.file.environment("tandem")
    environment |= {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": composed.database_url,
        "TANDEM_DATA_DIR": str(tmp_path / "data"),
        "TANDEM_KEYS_DIR": str(composed.file.mounted("tandem", environment["TANDEM_KEYS_DIR"])),
    }
    done = await asyncio.to_thread(run_tandem, environment, "backup", str(tmp_path / "a.tandem"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.tandem").stat().st_mode & 0o777 == 0o600


async def test_others_go_on_when_one_of_a_kind_is_gone(composed: Composed) -> None:
    gone = ("backend-1", "websocket-2")
    for name in gone:
        composed.programs[name].kill()
    try:
        async with composed.caddy.client() as client:
            for path in ("/.well-known/jwks.json", "/status") * 10:
                assert (await client.get(path)).status_code == 200
    finally:
        for name in gone:
            composed.programs[name].start()
            await composed.ready(name)


async def test_postgresql_takes_nobody_without_tls_and_the_password(composed: Composed) -> None:
    url = composed.database_url
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (True,)
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        psycopg.connect(url.replace("sslmode=verify-full", "sslmode=disable"))
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url, password="guessed")
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(url, sslrootcert=str(composed.caddy.authority))
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        psycopg.connect(url, host="elsewhere")


def redis_cli(composed: Composed, *options: str, password: str = "") -> str:
    command = ["redis-cli", "-p", str(composed.ports["redis"]), *options, "ping"]
    environment = {"PATH": os.environ["PATH"], "REDISCLI_AUTH": password}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout + done.stderr


async def test_redis_takes_nobody_without_tls_and_the_password(composed: Composed) -> None:
    password = (composed.secrets / "redis-password.conf").read_text().split()[1]
    tls = ("--tls", "--cacert", str(composed.secrets / "ca.crt"))
    assert "PONG" in redis_cli(composed, *tls, password=password)
    assert "NOAUTH" in redis_cli(composed, *tls)
    assert "PONG" not in redis_cli(composed, password=password)
    assert "PONG" not in redis_cli(composed, "--tls", "--cacert", str(composed.caddy.authority), password=password)


async def test_a_sidecar_that_trusts_another_authority_does_not_get_to_redis(
    composed: Composed, tmp_path: Path
) -> None:
    own = composed.sidecars[SOCKETS[0]]
    environment = {**own.environment, "SSL_CERT_FILE": str(composed.caddy.authority)}
    stranger = Daprd(
        "websocket-service", app_port=None, resources=own.resources, environment=environment, folder=tmp_path
    )
    stranger.start()
    try:
        await until(lambda: not stranger.running)
        assert "certificate signed by unknown authority" in stranger.printed
    finally:
        stranger.kill()
