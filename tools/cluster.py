"""Runs a large Tandem on this machine: PostgreSQL, Redis, nginx, two backends and three websocket services with Dapr.

`make cluster`; PORT is the load balancer's (8080; 0 is any that is free), TANDEM_CLUSTER_DIR keeps the data
(data-cluster).
"""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Final

from tandem_testing.cluster.cluster import Cluster
from tandem_testing.postgres import PostgresServer, find_programs

ROOT: Final = Path(__file__).parents[1]
_DATABASE: Final = "tandem"


def main() -> int:
    """Run until Ctrl-C; return the exit status."""
    folder = Path(os.environ.get("TANDEM_CLUSTER_DIR", "data-cluster")).resolve()
    port = os.environ.get("PORT", "8080")
    programs = find_programs()
    if programs is None or not port.isdecimal():
        reason = "PORT is not a number" if programs else "PostgreSQL is not installed (apt install postgresql)"
        print(f"make cluster: {reason}", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    # PostgreSQL's own user has to reach its folder.
    folder.chmod(0o755)
    server = PostgresServer(programs, folder / "postgres")
    print("PostgreSQL …", flush=True)
    server.keep(_DATABASE)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            return asyncio.run(_run(folder, server.url(_DATABASE), int(port)))
        return 0
    finally:
        server.stop()


async def _run(folder: Path, database_url: str, port: int) -> int:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    cluster = Cluster(folder, database_url, pages=ROOT / "frontend" / "out", port=port or None)
    print("Redis, nginx, 2 backends and 3 websocket services, each with its sidecar …", flush=True)
    try:
        starting = asyncio.create_task(cluster.start())
        await asyncio.wait([starting, asyncio.create_task(ended.wait())], return_when=asyncio.FIRST_COMPLETED)
        if not ended.is_set():
            try:
                await starting
            except (TimeoutError, RuntimeError) as error:
                print(f"make cluster: {error}", file=sys.stderr)
                return 1
            replicas = " ".join(cluster.replica_url(number) for number in range(len(cluster.sockets)))
            print(f"Tandem is running at {cluster.url} (Ctrl-C ends it); each part's log is in {folder}", flush=True)
            print(f"One websocket service each: {replicas}", flush=True)
            await ended.wait()
        starting.cancel()
        return 0
    finally:
        await cluster.close()


if __name__ == "__main__":
    raise SystemExit(main())
