"""`tandem serve`: checks in the order in which they can fail without having changed anything, then serving."""

import os
import socket
import sys
from pathlib import Path
from typing import TextIO

from tandem.embedded import build_embedded
from tandem.frontend import find_frontend
from tandem.settings import EmbeddedSettings
from tandem_backend.services.database_keys import open_keys
from tandem_backend.services.signing_keys import Keyring
from tandem_backend.storage import users
from tandem_backend.storage.database import Database
from tandem_backend.storage.locate import describe_database, open_database, prepare_database, refuse_missing_database
from tandem_backend.storage.migrate import Migrated
from tandem_platform.certificate import ServerCertificate
from tandem_platform.clock import Clock
from tandem_platform.data_folder import locked
from tandem_platform.logs import configure_logging
from tandem_platform.server import bind, run, serve
from tandem_protocol.ids import uuid7


def serve_embedded(settings: EmbeddedSettings, out: TextIO = sys.stdout) -> None:
    """Run until SIGINT or SIGTERM.

    Args:
        settings: Its settings.
        out: Where it says what it does.

    Raises:
        SettingsError: A setting is wrong.
        StartError: It cannot start; one line for the operator.
    """
    configure_logging(settings.log_level)
    certificate = ServerCertificate.open(settings, Clock().now)
    with locked(settings.data_dir):
        frontend = find_frontend(settings.frontend_dir)
        with bind(settings.host, settings.port) as listener:
            refuse_missing_database(settings)
            migrated = prepare_database(settings)
            keyring = open_keys(settings, lambda: uuid7(int(Clock().now() * 1000), os.urandom))
            run(_serve(settings, listener, certificate, frontend, keyring, migrated, out))


async def _serve(
    settings: EmbeddedSettings,
    listener: socket.socket,
    certificate: ServerCertificate | None,
    frontend: Path,
    keyring: Keyring,
    migrated: Migrated,
    out: TextIO,
) -> None:
    clock = Clock()
    database = open_database(settings)
    accounts = await _count_accounts(database)
    embedded = build_embedded(settings, database=database, keyring=keyring, frontend=frontend, clock=clock)

    url = _url(listener, "http" if certificate is None else "https")

    def started() -> None:
        out.writelines(line + "\n" for line in _migration_lines(migrated))
        out.write(f"Database: {describe_database(settings)}, revision {migrated.after}, {accounts} account(s)\n")
        out.write(f"Tandem is running at {url} (Ctrl-C ends it)\n")
        out.flush()

    await serve(
        embedded.app,
        listener,
        drain=embedded.service.drain,
        on_started=started,
        trusted_proxies=settings.trusted_proxies,
        certificate=certificate,
    )


async def _count_accounts(database: Database) -> int:
    return await database.read(users.count)


def _migration_lines(migrated: Migrated) -> list[str]:
    if not migrated.changed:
        return []
    if migrated.before is None:
        return ["Made a new database."]
    copy = f" The copy from before is {migrated.backup}." if migrated.backup else ""
    return [f"Brought the database from revision {migrated.before} to {migrated.after}.{copy}"]


def _url(listener: socket.socket, scheme: str) -> str:
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - a comparison
        host = "localhost"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
