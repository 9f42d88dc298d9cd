"""A program that a test runs beside itself, and treats as badly as the world does."""

import itertools
import random
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_STOP_SECONDS: Final = 15.0
_PORTS: Final = range(10_000, 32_000)
# Without putting back: programs that were given a port but do not listen yet would get the same one now and then.
_SHUFFLED: Final = itertools.cycle(random.SystemRandom().sample(_PORTS, len(_PORTS)))


def free_port() -> int:
    """Return a TCP port of this machine that nobody listens on and that this process has not asked for lately.

    It is none of those that the kernel gives to outgoing connections: a program that was killed finds its port free
    when it comes back.
    """
    while True:
        port = next(_SHUFFLED)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue


class Process:
    """A process that can be started again and again. It writes to one file, and does not outlive its parent."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        """Create it; nothing runs yet.

        Args:
            name: What its log is called.
            command: Program and arguments.
            environment: All of its variables.
            folder: Where its log goes.
        """
        self.name = name
        self.log = folder / f"{name}.log"
        # The kernel ends it when the thread that started it ends, however that comes.
        self._command = ["setpriv", "--pdeathsig", "KILL", "--", *command]
        self.environment = dict(environment)
        """Its variables from the next start on."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it runs (or stands still)."""
        return self._process is not None and self._process.poll() is None

    @property
    def printed(self) -> str:
        """Return all that it has printed, over all its lives."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def start(self) -> None:
        """Start it, and do not wait for it."""
        if self.running:
            raise RuntimeError(f"{self.name} runs already")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - programs that tests name
                self._command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Let it stand still, with its connections open."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        self._process.send_signal(number)

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGCONT)
        process.send_signal(number)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
