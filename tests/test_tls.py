"""https and wss by the programs themselves: the whole server, a renewed certificate, starts that cannot work."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from tandem_client import Options, Pace, Tandem, UnavailableError
from tandem_platform.health_probe import healthy
from tandem_testing.backend import PASSWORD
from tandem_testing.certificates import Authority, CertificateFiles
from tandem_testing.process import free_port
from tandem_testing.server import WAIT_SECONDS, TandemServer

EMAIL = "ada@example.com"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def files(authority: Authority) -> CertificateFiles:
    return authority.issue("server")


@pytest.fixture
def secured(tandem: Callable[..., TandemServer], files: CertificateFiles) -> TandemServer:
    return tandem(HEARTBEAT_INTERVAL="0.5", TANDEM_HSTS_SECONDS="600", **files.settings).start()


def options(authority: Authority) -> Options:
    return Options(ca=authority.file, trust_env=False, pace=Pace(backoff=(0.1,), closing=5.0))


def presented(server: TandemServer) -> int:
    """Return the serial number of the certificate that a new connection gets."""
    pem = ssl.get_server_certificate(("127.0.0.1", server.port), timeout=WAIT_SECONDS)
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


async def test_clients_speak_https_and_wss(secured: TandemServer, authority: Authority) -> None:
    assert secured.url.startswith("https://127.0.0.1:")
    one = Tandem.register(secured.url, email=EMAIL, password=PASSWORD, name="Ada", options=options(authority))
    two = Tandem.connect(secured.url, email=EMAIL, password=PASSWORD, options=options(authority))
    async with one as ada, two as other:
        changes = other.changes()
        task = await ada.add("Buy milk")
        assert (await asyncio.wait_for(anext(changes), WAIT_SECONDS)).task == task


async def test_answers_by_https(secured: TandemServer, authority: Authority) -> None:
    own, by_http = secured.url, secured.url.replace("https", "http")
    body = {"email": EMAIL, "password": PASSWORD}
    async with secured.http(verify=authority.trust) as client:
        assert (await client.post("/api/auth/register", json=body, headers={"origin": by_http})).status_code == 403
        reply = await client.post("/api/auth/register", json=body, headers={"origin": own})
        assert reply.status_code == 201
        assert "secure" in [part.strip().lower() for part in reply.headers["set-cookie"].split(";")]
        for path in ("/", "/api/info"):
            assert (await client.get(path)).headers["strict-transport-security"] == "max-age=600"
    async with secured.http() as stranger:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await stranger.get("/health")


async def test_a_client_that_does_not_know_the_authority_says_so(secured: TandemServer, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    with pytest.raises(UnavailableError):
        async with Tandem.connect(secured.url, email=EMAIL, password=PASSWORD, options=options(other)):
            pass


async def test_a_renewed_certificate_ends_no_connection_tl1(
    secured: TandemServer, authority: Authority, files: CertificateFiles
) -> None:
    client = Tandem.register(secured.url, email=EMAIL, password=PASSWORD, name="Ada", options=options(authority))
    async with client as ada, secured.http(verify=authority.trust) as http:
        changes = ada.changes()
        before = presented(secured)
        authority.issue("server")
        await asyncio.to_thread(secured.wait_for_log, "took up a new certificate")
        assert presented(secured) == x509.load_pem_x509_certificate(files.certificate.read_bytes()).serial_number
        assert presented(secured) != before
        await ada.add("Still here")
        assert (await asyncio.wait_for(anext(changes), WAIT_SECONDS)).task.title == "Still here"
        metrics = (await http.get("/metrics")).text
        assert "tandem_websocket_closes_total{" not in metrics, "the socket is the one from before"


async def test_it_ends_in_order_with_sockets_open(secured: TandemServer, authority: Authority) -> None:
    client = Tandem.register(secured.url, email=EMAIL, password=PASSWORD, name="Ada", options=options(authority))
    async with client as ada:
        task = await ada.add("Buy milk")
        # One that never shakes hands is among them.
        with socket.create_connection(("127.0.0.1", secured.port)):
            os.kill(secured.pid, signal.SIGTERM)
            assert await asyncio.to_thread(secured.ends_within, 5)
        assert secured.stop() == 0
        secured.start()
        await ada.synced()
        assert list(ada.tasks) == [task.id]


def test_the_probe_of_the_images_speaks_https(secured: TandemServer, files: CertificateFiles) -> None:
    assert healthy({"PORT": str(secured.port), **files.settings})
    assert not healthy({"PORT": str(secured.port)})
    assert not healthy({"PORT": str(free_port()), **files.settings})


def test_a_certificate_that_ended_is_used_and_complained_of_tl2(
    tandem: Callable[..., TandemServer], authority: Authority
) -> None:
    ended = authority.issue("ended", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    server = tandem(**ended.settings).start()
    assert "ended.pem ended at 2020-01-01" in server.stderr
    assert presented(server) > 0


@pytest.mark.parametrize("program", [["tandem", "serve"], ["tandem-backend"], ["tandem-websocket"]])
@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"TANDEM_TLS_KEY": ""}, "setting TANDEM_TLS_KEY is missing beside TANDEM_TLS_CERTIFICATE: set both"),
        ({"TANDEM_TLS_KEY": "/nowhere.key"}, "setting TANDEM_TLS_KEY: /nowhere.key cannot be read: No such file"),
        ({"TANDEM_TRUSTED_PROXIES": "nginx"}, "setting TANDEM_TRUSTED_PROXIES is not valid: 'nginx' is neither"),
    ],
)
def test_starts_that_cannot_work_say_so_in_one_line_tl2(
    tmp_path: Path, files: CertificateFiles, program: list[str], broken: dict[str, str], says: str
) -> None:
    environment = {"PATH": os.environ["PATH"], "PORT": "0", "TANDEM_DATA_DIR": str(tmp_path / "data")}
    ended = subprocess.run(
        [Path(sys.executable).with_name(program[0]), *program[1:]],
        env=environment | files.settings | broken,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"{program[0]}: {says}")
    assert len(ended.stderr.splitlines()) == 1
    assert not (tmp_path / "data" / "tandem.db").exists()
