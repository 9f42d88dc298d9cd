"""Programs that a run starts, each on one core, and ends by itself."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

SERVER_CORE: Final = 0
"""All servers run here, one after the other or idle."""
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0


class BenchError(Exception):
    """A measurement could not be made; the text says why."""


def client_core() -> int:
    """Return the core of the load clients; the servers' own where there is no other."""
    return 1 if (os.cpu_count() or 1) > 1 else SERVER_CORE


def need(program: str, package: str) -> str:
    """Return the path of a program, installed from a Debian package where that is possible.

    Raises:
        BenchError: It is not there and cannot be installed.
    """
    path = shutil.which(program)
    if path is None and os.geteuid() == 0 and shutil.which("apt-get"):
        command = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", package]
        subprocess.run(command, check=False, capture_output=True)
        path = shutil.which(program)
    if path is None:
        raise BenchError(f"{program} is missing. On Debian: sudo apt install {package}")
    return path


@contextmanager
def running(
    command: Sequence[str | Path], *, url: str, log: Path, environment: Mapping[str, str] | None = None
) -> Generator[int]:
    """Run a server on the servers' core; yield its process id when it answers, and end it.

    Args:
        command: Program and arguments.
        url: Answered with success once the server is ready.
        log: Takes what it prints.
        environment: Variables besides this process's own.

    Raises:
        BenchError: It ended or did not answer in time.
    """
    pinned = ["taskset", "-c", str(SERVER_CORE), *map(str, command)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            pinned,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
        )
        try:
            _wait_until_ready(process, url, log)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def run_client(command: Sequence[str | Path], seconds: float = 120.0) -> str:
    """Run a load client on its core and return what it printed.

    Raises:
        BenchError: It failed or took too long; with its last words.
    """
    pinned = ["taskset", "-c", str(client_core()), *map(str, command)]
    try:
        done = subprocess.run(pinned, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{Path(command[0]).name} did not end within {seconds:.0f} s") from None
    if done.returncode:
        raise BenchError(f"{Path(command[0]).name} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(url, timeout=1.0).is_success:
                return
        except httpx.HTTPError:
            pass
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    raise BenchError(f"the server at {url} did not start: {log.read_text('utf-8', 'replace')[-500:]}")
