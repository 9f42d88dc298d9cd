"""`make dev`: backend, websocket service and frontend as three programs, each started anew when its code changes."""

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = ROOT / ".venv" / "bin"
PAGES: Final = "http://localhost:3000,http://127.0.0.1:3000"
_STOP_SECONDS: Final = 8


def main() -> int:
    """Run until Ctrl-C, or until one of the three ends."""
    # Ended like by Ctrl-C, the three programs with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Fresh at each start: only these programs need to know it.
    internal = secrets.token_urlsafe(24)
    common = {**os.environ, "TANDEM_ALLOWED_ORIGINS": PAGES, "TANDEM_INTERNAL_TOKEN": internal}
    backend = {**common, "HOST": "127.0.0.1", "PORT": "8000", "TANDEM_WEBSOCKET_SERVICE_URL": "http://127.0.0.1:8005"}
    sockets = {**common, "HOST": "127.0.0.1", "PORT": "8005", "TANDEM_BACKEND_URL": "http://127.0.0.1:8000"}
    pages = {
        **os.environ,
        "NEXT_PUBLIC_API_URL": "http://localhost:8000",
        "NEXT_PUBLIC_WEBSOCKET_URL": "ws://localhost:8005/ws",
    }
    programs = [
        _start(_reloading("tandem_backend.main", "backend/src"), backend, ROOT),
        _start(_reloading("tandem_websocket", "services/websocket-service/src"), sockets, ROOT),
        _start(["npm", "run", "--silent", "dev"], pages, ROOT / "frontend"),
    ]
    try:
        os.wait()
    except KeyboardInterrupt:
        return 0
    else:
        return 1
    finally:
        _stop(programs)


def _reloading(module: str, sources: str) -> list[str]:
    command = f"{sys.executable} -m {module}"
    return [str(BIN / "watchfiles"), "--filter", "python", "--sigint-timeout", "5", command, sources, "packages"]


def _start(command: list[str], environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    # A group of its own, so that Ctrl-C reaches a program once, from here, and its children with it.
    return subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)


def _stop(programs: list[subprocess.Popen[bytes]]) -> None:
    for program in programs:
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGTERM)
    for program in programs:
        try:
            program.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)


if __name__ == "__main__":
    raise SystemExit(main())
