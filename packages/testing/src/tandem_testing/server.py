"""The whole program as an operator runs it: `tandem serve` in a process of its own, killed and restarted at will."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Final, Self

import httpx

from tandem_testing.backend import PASSWORD, Device

WAIT_SECONDS: Final = 30.0
"""After so long a test gives up waiting for a program; the machine may be busy."""
TANDEM: Final = str(Path(sys.executable).with_name("tandem"))
_READY: Final = re.compile(r"Tandem is running at (https?://\S+)")
_PAGE: Final = "<!doctype html><title>Tandem</title><script>document.title</script>"


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return an environment in which nothing of the developer's own settings is left.

    Args:
        folder: Holds the data (``data``) and a frontend of one page (``frontend``), made if they are missing.
        settings: Variables by name.
    """
    frontend = folder / "frontend"
    if not frontend.exists():
        frontend.mkdir(parents=True)
        (frontend / "index.html").write_text(_PAGE)
        (frontend / "404.html").write_text(_PAGE.replace("Tandem", "Not found"))
    passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {
        **passed_on,
        "PORT": "0",
        "TANDEM_DATA_DIR": str(folder / "data"),
        "TANDEM_FRONTEND_DIR": str(frontend),
        "TANDEM_TRIES_PER_ACCOUNT": "100000",
        "TANDEM_TRIES_PER_NETWORK": "100000",
        **settings,
    }


def run_tandem(
    variables: Mapping[str, str], *arguments: str, stdin: str = "", before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself.

    Args:
        variables: Its whole environment.
        arguments: After the word `tandem`.
        stdin: What it can read.
        before: Called in the new process before the program, to take resources away from it.
    """
    return subprocess.run(  # noqa: S603 - a program of this repository
        [TANDEM, *arguments],
        env=dict(variables),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
        preexec_fn=before,
    )


class TandemServer:
    """`tandem serve` on a free port, which it keeps over restarts; what it prints is collected over all its lives."""

    def __init__(self, folder: Path, *, before: Callable[[], None] | None = None, **settings: str) -> None:
        """Create it; nothing runs yet.

        Args:
            folder: A folder of its own.
            before: Called in the new process before the program.
            settings: Variables by name.
        """
        self.environment = environment(folder, **settings)
        self.data = Path(self.environment["TANDEM_DATA_DIR"])
        self.secrets: set[str] = {PASSWORD}
        """What must not be printed (AU6); the devices of `register` and `login` add theirs."""
        self.url = ""
        self._before = before
        self._clients: list[httpx.AsyncClient] = []
        self._stdout: list[str] = []
        self._stderr: list[str] = []
        self._printed = threading.Condition()
        self._process: subprocess.Popen[str] | None = None
        self._readers: list[threading.Thread] = []

    @property
    def pid(self) -> int:
        """Return the process."""
        return self._running().pid

    @property
    def port(self) -> int:
        """Return the port, once it has been started."""
        return int(self.url.rsplit(":", 1)[1])

    @property
    def stdout(self) -> str:
        """Return what it printed on stdout."""
        return "".join(self._stdout)

    @property
    def stderr(self) -> str:
        """Return what it printed on stderr: its log."""
        return "".join(self._stderr)

    def launch(self) -> None:
        """Start the process, and do not wait for it."""
        process = subprocess.Popen(  # noqa: S603 - a program of this repository
            [TANDEM, "serve"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            preexec_fn=self._before,  # noqa: PLW1509 - set by tests that have no threads
        )
        self._process = process
        self._readers = [
            threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            for stream, lines in ((process.stdout, self._stdout), (process.stderr, self._stderr))
        ]
        for reader in self._readers:
            reader.start()

    def start(self) -> Self:
        """Start, and wait until it says that it is ready."""
        seen = len(self._stdout)
        self.launch()

        def ready() -> bool:
            return any(_READY.match(line) for line in self._stdout[seen:]) or self._running().poll() is not None

        with self._printed:
            # It may end without a word, so silence is looked at as well.
            while not self._printed.wait_for(ready, 0.5):
                pass
        found = _READY.search("".join(self._stdout[seen:]))
        if found is None:
            self.ended()
            raise RuntimeError(f"tandem serve did not start: {self.stderr}")
        self.url = found.group(1)
        self.environment["PORT"] = str(self.port)
        return self

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        self._running().kill()
        self.ended()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit status."""
        self._running().send_signal(number)
        return self.ended()

    def pause(self) -> None:
        """Let it stand still, with its connections open."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._running().send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Kill it and start it again, on the same port and the same data."""
        self.kill()
        self.start()

    def ends_within(self, seconds: float) -> bool:
        """Return whether it ends by itself in that time."""
        try:
            self._running().wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def ended(self) -> int:
        """Wait until it has ended, and return its exit status."""
        process = self._running()
        try:
            status = process.wait(WAIT_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            for reader in self._readers:
                reader.join()
            self._process = None
        return status

    def wait_for_log(self, text: str) -> None:
        """Wait until its log contains a text."""
        with self._printed:
            if not self._printed.wait_for(lambda: text in self.stderr, WAIT_SECONDS):
                raise TimeoutError(f"{text!r} is not in the log: {self.stderr}")

    async def close(self) -> None:
        """Close the devices' clients, and kill it if it runs."""
        for client in self._clients:
            await client.aclose()
        if self._process is not None:
            self.kill()

    def check_output(self) -> None:
        """Check that no error of the program and nothing secret was printed (AU6).

        Raises:
            AssertionError: There was something.
        """
        printed = self.stdout + self.stderr
        found = [secret for secret in self.secrets if secret in printed]
        if found or "Traceback" in printed or " ERROR " in printed or " CRITICAL " in printed:
            raise AssertionError(f"printed {found or 'an error'}: {printed}")

    def http(self, **options: Any) -> httpx.AsyncClient:
        """Return a client for its HTTP interface."""
        return httpx.AsyncClient(base_url=self.url, timeout=WAIT_SECONDS, trust_env=False, **options)

    async def register(self, email: str = "ada@example.com", **options: Any) -> Device:
        """Make an account and return its first device."""
        return await self._enter("register", email, **options)

    async def login(self, email: str = "ada@example.com", **options: Any) -> Device:
        """Sign in on another device."""
        return await self._enter("login", email, **options)

    async def refresh(self, device: Device) -> None:
        """Give a device a new access token, by its cookie."""
        reply = await device.client.post("/api/auth/refresh")
        reply.raise_for_status()
        device.token = reply.json()["access_token"]
        self._remember(device)

    async def _enter(self, how: str, email: str, **options: Any) -> Device:
        client = self.http(**options)
        self._clients.append(client)
        reply = await client.post(f"/api/auth/{how}", json={"email": email, "password": PASSWORD})
        reply.raise_for_status()
        device = Device(client, reply.json())
        self._remember(device)
        return device

    def _remember(self, device: Device) -> None:
        self.secrets.update((device.token, *device.client.cookies.values()))

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process

    def _read(self, stream: IO[str] | None, lines: list[str]) -> None:
        if stream is None:
            return
        with stream:
            for line in stream:
                with self._printed:
                    lines.append(line)
                    self._printed.notify_all()
