"""Between machines everything goes over TLS and with passwords, and what does not is turned away."""

import asyncio
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import pytest

from tandem_client import Options, Pace, Tandem
from tandem_testing.backend import PASSWORD
from tandem_testing.certificates import Authority
from tandem_testing.cluster.cluster import Cluster
from tandem_testing.postgres import PostgresServer

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def cluster_settings() -> dict[str, str]:
    """No heartbeat comes to help: what arrives has come by the broker."""
    return {"HEARTBEAT_INTERVAL": "3600", "TANDEM_AUDIT_LOG": "-"}


async def test_a_change_goes_all_the_way_over_https_and_wss(cluster: Cluster, authority: Authority) -> None:
    assert cluster.url.startswith("https://")
    options = Options(ca=authority.file, trust_env=False, pace=Pace(backoff=(0.1,)))
    ada = Tandem.register(cluster.replica_url(0), email="tls@example.com", password=PASSWORD, options=options)
    other = Tandem.connect(cluster.replica_url(1), email="tls@example.com", password=PASSWORD, options=options)
    async with ada as writer, other as reader:
        changes = reader.changes()
        task = await writer.add("Buy milk")
        assert (await asyncio.wait_for(anext(changes), 30)).task == task


async def test_the_proxy_says_who_it_is_and_by_what_way(cluster: Cluster, authority: Authority) -> None:
    """AU4, AL2: forged headers before the proxy's own change nothing."""
    body = {"email": "way@example.com", "password": PASSWORD}
    # Not the address of the proxy, which is believed.
    transport = httpx.AsyncHTTPTransport(verify=authority.trust, local_address="127.0.0.2")
    forged = {"x-forwarded-for": "203.0.113.66", "x-forwarded-proto": "http"}
    async with httpx.AsyncClient(base_url=cluster.url, transport=transport) as client:
        reply = await client.post("/api/auth/register", json=body, headers=forged)
        assert reply.status_code == 201
        assert "secure" in [part.strip().lower() for part in reply.headers["set-cookie"].split(";")]
        page = {"origin": cluster.url.replace("https", "http")}
        assert (await client.post("/api/auth/login", json=body, headers=page)).status_code == 403
    assert "203.0.113.66" not in cluster.printed
    assert '"address":"127.0.0.2"' in cluster.printed


async def test_plain_http_is_sent_to_https(cluster: Cluster) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        reply = await client.get(cluster.url.replace("https", "http") + "/lists?x=1")
    assert (reply.status_code, reply.headers["location"]) == (308, f"{cluster.url}/lists?x=1")


async def test_redis_answers_nobody_without_tls(cluster: Cluster) -> None:
    with socket.create_connection(("127.0.0.1", cluster.redis.port), 10) as plain:
        plain.sendall(b"PING\r\n")
        with suppress(ConnectionResetError):
            assert b"PONG" not in plain.recv(100)
    assert cluster.redis.command("PING").startswith(b"+PONG")


async def test_postgresql_lets_nobody_in_without_tls_or_password(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    url = postgres_server.url("postgres")
    with psycopg.connect(url) as connection:
        assert connection.pgconn.ssl_in_use
    stranger = Authority(tmp_path)
    for wrong, says in (
        (url.replace("verify-full", "disable"), "no encryption"),
        (url.replace("postgres:", "postgres:x"), "password authentication failed"),
        (url.partition("sslrootcert=")[0] + f"sslrootcert={stranger.file}", "certificate verify failed"),
    ):
        with pytest.raises(psycopg.OperationalError, match=says):
            psycopg.connect(wrong)


async def test_the_certificates_are_of_the_authority_alone(cluster: Cluster) -> None:
    for port in (cluster.nginx.port, cluster.redis.port):
        with (
            socket.create_connection(("127.0.0.1", port), 10) as connection,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            ssl.create_default_context().wrap_socket(connection, server_hostname="127.0.0.1")
