"""The server's certificate: what cannot be used is said in one line, and what was renewed is used at once."""

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tandem_platform.certificate import ServerCertificate
from tandem_platform.serving_settings import ServingSettings
from tandem_platform.settings import SettingsError
from tandem_testing.certificates import Authority, CertificateFiles

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


def opened(files: CertificateFiles, now: datetime = NOW) -> ServerCertificate:
    return ServerCertificate(files.certificate, files.key, now.timestamp)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def break_file(files: CertificateFiles, authority: Authority, how: str) -> None:
    match how:
        case "no certificate":
            files.certificate.unlink()
        case "no key":
            files.key.unlink()
        case "a folder":
            files.key.unlink()
            files.key.mkdir()
        case "key first":
            files.certificate.write_bytes(files.key.read_bytes())
        case "certificate twice":
            files.key.write_bytes(files.certificate.read_bytes())
        case "binary":
            pem = x509.load_pem_x509_certificate(files.certificate.read_bytes())
            files.certificate.write_bytes(pem.public_bytes(Encoding.DER))
        case "encrypted":
            key = load_pem_private_key(files.key.read_bytes(), None)
            files.key.write_bytes(
                key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))
            )
        case "authority first":
            files.certificate.write_bytes(authority.file.read_bytes() + files.certificate.read_bytes())
        case _:
            files.key.write_bytes(authority.issue("another").key.read_bytes())


@pytest.mark.parametrize(
    ("how", "setting", "says"),
    [
        ("no certificate", "CERTIFICATE", "No such file or directory"),
        ("no key", "KEY", "No such file or directory"),
        ("a folder", "KEY", "Is a directory"),
        ("key first", "CERTIFICATE", "holds no certificate in PEM form"),
        ("binary", "CERTIFICATE", "holds no certificate in PEM form"),
        ("certificate twice", "KEY", "holds no key in PEM form"),
        ("encrypted", "KEY", "is encrypted; write it without a password"),
        ("authority first", "KEY", "is not the key of the first certificate"),
        ("another's key", "KEY", "is not the key of the first certificate"),
    ],
)
def test_what_cannot_be_used_is_one_line_tl2(authority: Authority, how: str, setting: str, says: str) -> None:
    files = authority.issue("server")
    break_file(files, authority, how)
    with pytest.raises(SettingsError) as caught:
        opened(files)
    text = str(caught.value)
    assert text.startswith(f"setting TANDEM_TLS_{setting}: ")
    assert says in text
    assert str(files.certificate if setting == "CERTIFICATE" else files.key) in text
    assert "\n" not in text


@pytest.mark.parametrize("missing", ["TANDEM_TLS_CERTIFICATE", "TANDEM_TLS_KEY"])
def test_one_without_the_other_tl2(authority: Authority, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in (authority.issue("server").settings | {missing: ""}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"setting {missing} is missing beside TANDEM_TLS_"):
        ServerCertificate.open(ServingSettings.load(), NOW.timestamp)
    for name in ("TANDEM_TLS_CERTIFICATE", "TANDEM_TLS_KEY"):
        monkeypatch.setenv(name, "")
    assert ServerCertificate.open(ServingSettings.load(), NOW.timestamp) is None


def test_only_versions_that_are_safe_tl2(authority: Authority) -> None:
    context = opened(authority.issue("server")).context
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert ssl.OP_NO_RENEGOTIATION in context.options


@pytest.mark.parametrize(
    ("days_before", "days_after", "says"),
    [
        (60, 30, None),
        (76, 13.9, "ends at 2026-01-16"),
        (4, 2, None),
        (5, 1, "ends at 2026-01-03"),
        (90, -1, "ended at 2026-01-01"),
        (-1, 90, "is not good before 2026-01-03"),
    ],
)
def test_warns_of_an_end_that_comes_tl2(
    authority: Authority, caplog: pytest.LogCaptureFixture, days_before: float, days_after: float, says: str | None
) -> None:
    files = authority.issue(
        "server", not_before=NOW - timedelta(days=days_before), not_after=NOW + timedelta(days=days_after)
    )
    opened(files)
    assert len(warnings(caplog)) == (0 if says is None else 1)
    assert all(says in text for text in warnings(caplog) if says)


def test_warns_once_a_day_until_it_is_renewed_tl2(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    moment = [NOW.timestamp()]
    files = authority.issue("server", not_after=NOW + timedelta(days=3))
    certificate = ServerCertificate(files.certificate, files.key, lambda: moment[0])
    for _ in range(3):
        certificate.look()
    assert len(warnings(caplog)) == 1
    moment[0] += timedelta(days=1).total_seconds()
    certificate.look()
    assert len(warnings(caplog)) == 2
    authority.issue("server")
    moment[0] += timedelta(days=1).total_seconds() - 1
    certificate.look()
    moment[0] += timedelta(days=1).total_seconds()
    certificate.look()
    assert len(warnings(caplog)) == 2


@asynccontextmanager
async def listening(certificate: ServerCertificate) -> AsyncGenerator[int]:
    """An echo behind TLS."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=certificate.context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def connect(
    port: int, authority: Authority, host: str = "localhost"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, int]:
    """Return a connection and the serial number of the certificate that it began with."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=authority.trust, server_hostname=host)
    presented = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return reader, writer, x509.load_der_x509_certificate(presented).serial_number


async def serial(port: int, authority: Authority, host: str = "localhost") -> int:
    _, writer, number = await connect(port, authority, host)
    writer.close()
    return number


def serial_in(files: CertificateFiles) -> int:
    return x509.load_pem_x509_certificate(files.certificate.read_bytes()).serial_number


async def test_a_renewed_certificate_is_for_new_connections_and_open_ones_go_on_tl1(authority: Authority) -> None:
    files = authority.issue("server")
    certificate, first = opened(files), serial_in(files)
    async with listening(certificate) as port:
        reader, writer, number = await connect(port, authority)
        assert number == first
        authority.issue("server")
        assert await serial(port, authority) == first, "until it looks"
        certificate.look()
        # A client that asks for an address names no host.
        for host in ("localhost", "127.0.0.1"):
            assert await serial(port, authority, host) == serial_in(files) != first
        writer.write(b"still here\n")
        assert await reader.readline() == b"still here\n"
        writer.close()


async def test_half_of_a_renewal_and_a_broken_one_change_nothing_tl1(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    files = authority.issue("server")
    certificate, first = opened(files), serial_in(files)
    old_key = files.key.read_bytes()
    authority.issue("server")
    new_key = files.key.read_bytes()
    async with listening(certificate) as port:
        files.key.write_bytes(old_key)
        certificate.look()
        assert await serial(port, authority) == first
        assert warnings(caplog) == [], "the other half may be on its way"
        for _ in range(3):
            certificate.look()
        assert len(warnings(caplog)) == 1
        assert "is not the key of the first certificate" in warnings(caplog)[0]
        assert await serial(port, authority) == first
        files.key.unlink()
        certificate.look()
        files.key.write_bytes(new_key)
        certificate.look()
        assert await serial(port, authority) == serial_in(files) != first
    assert len(warnings(caplog)) == 1


async def test_a_renewal_by_symbolic_links_is_seen_tl1(authority: Authority, tmp_path: Path) -> None:
    """As Kubernetes does it with a mounted Secret: the folder behind the files is exchanged at once."""
    for name in ("old", "new"):
        files = authority.issue("server")
        (tmp_path / name).mkdir()
        files.certificate.rename(tmp_path / name / "tls.crt")
        files.key.rename(tmp_path / name / "tls.key")
    data = tmp_path / "..data"
    data.symlink_to("old")
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    mounted = CertificateFiles(tmp_path / "tls.crt", tmp_path / "tls.key")
    certificate, first = opened(mounted), serial_in(mounted)
    (tmp_path / "..fresh").symlink_to("new")
    (tmp_path / "..fresh").replace(data)
    async with listening(certificate) as port:
        assert await serial(port, authority) == first
        certificate.look()
        assert await serial(port, authority) == serial_in(mounted) != first
