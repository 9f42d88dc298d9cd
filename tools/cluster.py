"""Runs a large Tandem on this machine: PostgreSQL, Redis, nginx, two backends and three websocket services with Dapr.

`make cluster`; PORT is the load balancer's (8080; 0 is any that is free), TANDEM_CLUSTER_DIR keeps the data
(data-cluster), among them an authority of its own, for everything goes over TLS.
"""

import asyncio
import contextlib
import os
import signal
import socket
import stat
import sys
from pathlib import Path
from typing import Final

from tandem_platform.data_folder import locked
from tandem_platform.server import StartError
from tandem_testing.certificates import Authority
from tandem_testing.cluster.cluster import Cluster
from tandem_testing.cluster.secure_postgres import SecurePostgres
from tandem_testing.postgres import find_programs

ROOT: Final = Path(__file__).parents[1]
_DATABASE: Final = "tandem"


def main() -> int:
    """Run until Ctrl-C; return the exit status."""
    folder = Path(os.environ.get("TANDEM_CLUSTER_DIR", "data-cluster")).resolve()
    try:
        with locked(folder):
            _open_to_postgres(folder)
            return _run_in(folder, _port(os.environ.get("PORT", "8080")))
    except (StartError, RuntimeError, TimeoutError) as error:
        print(f"make cluster: {error}", file=sys.stderr)
        return 1


def _open_to_postgres(folder: Path) -> None:
    """See to it that PostgreSQL's own user, whom it runs as for root, reaches its folder."""
    folder.chmod(0o755)
    closed = next((parent for parent in folder.parents if not parent.stat().st_mode & stat.S_IXOTH), None)
    if os.geteuid() == 0 and closed is not None:
        raise StartError(
            f"PostgreSQL, which does not run as root, cannot enter {closed}. "
            "Set TANDEM_CLUSTER_DIR to a folder elsewhere, such as /var/tmp/tandem-cluster."
        )


def _port(wanted: str) -> int:
    if not wanted.isdecimal():
        raise StartError(f"PORT is {wanted}, which is no number.")
    try:
        with socket.create_server(("127.0.0.1", int(wanted))) as listener:
            port: int = listener.getsockname()[1]
            return port
    except (OSError, OverflowError) as error:
        raise StartError(f"cannot listen on port {wanted}: {error}. Set PORT to another one.") from error


def _run_in(folder: Path, port: int) -> int:
    programs = find_programs()
    if programs is None:
        raise StartError("PostgreSQL is not installed (apt install postgresql).")
    authority = Authority(folder / "authority")
    server = SecurePostgres(programs, folder / "postgres", authority, durable=True)
    print("PostgreSQL …", flush=True)
    server.keep(_DATABASE)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_run(folder, server.url(_DATABASE), port, authority))
        return 0
    finally:
        server.stop()


async def _run(folder: Path, database_url: str, port: int, authority: Authority) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    cluster = Cluster(folder, database_url, pages=ROOT / "frontend" / "out", port=port, authority=authority)
    print("Redis, nginx, 2 backends and 3 websocket services, each with its sidecar …", flush=True)
    try:
        starting = asyncio.create_task(cluster.start())
        await asyncio.wait([starting, asyncio.create_task(ended.wait())], return_when=asyncio.FIRST_COMPLETED)
        if not ended.is_set():
            await starting
            replicas = " ".join(cluster.replica_url(number) for number in range(len(cluster.sockets)))
            print(f"Browsers warn until they trust {authority.file}, which this machine has made", flush=True)
            print(f"Tandem is running at {cluster.url} (Ctrl-C ends it); each part's log is in {folder}", flush=True)
            print(f"One websocket service each: {replicas}", flush=True)
            await ended.wait()
        starting.cancel()
    finally:
        await cluster.close()


if __name__ == "__main__":
    raise SystemExit(main())
