"""Several backends on one PostgreSQL, each a process of its own that can be killed and frozen."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from tandem_testing.backend import PASSWORD, PATIENCE, Device
from tandem_testing.process import Process, free_port

_LOOK_SECONDS: Final = 0.05
_LEADS: Final = re.compile(r"^tandem_relay_leader 1\.0$", re.MULTILINE)


class BackendProcess(Process):
    """A backend of several."""

    def __init__(self, name: str, folder: Path, **settings: str) -> None:
        """Create it; nothing runs yet.

        Args:
            name: Of its log and its data folder.
            folder: Where those are.
            settings: Variables by name.
        """
        self.port = free_port()
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
            "PORT": str(self.port),
            "TANDEM_DATA_DIR": str(folder / name),
            "TANDEM_TRIES_PER_ACCOUNT": "100000",
            "TANDEM_TRIES_PER_NETWORK": "100000",
            **settings,
        }
        super().__init__(name, [sys.executable, "-m", "tandem_backend.main"], environment, folder)
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE, trust_env=False)

    async def ready(self) -> None:
        """Wait until it is ready.

        Raises:
            TimeoutError: It never was.
            RuntimeError: It has ended.
        """
        async with asyncio.timeout(PATIENCE):
            while not await self._answers("/ready"):
                if not self.running:
                    raise RuntimeError(f"{self.name} has ended: {self.printed}")
                # Whether another process listens can only be looked at.
                await asyncio.sleep(_LOOK_SECONDS)

    async def leads(self) -> bool:
        """Return whether it publishes the events, as far as it knows; not if it does not answer."""
        return _LEADS.search(await self._answers("/metrics")) is not None

    async def enter(self, how: str, email: str = "ada@example.com") -> Device:
        """Sign in (``login``), or make an account (``register``), and return the device."""
        reply = await self.http.post(f"/api/auth/{how}", json={"email": email, "password": PASSWORD})
        reply.raise_for_status()
        return Device(self.http, reply.json())

    async def _answers(self, path: str) -> str:
        try:
            reply = await self.http.get(path)
        except httpx.TransportError:
            return ""
        return reply.text if reply.is_success else ""


class Backends:
    """All backends of a database."""

    def __init__(self, folder: Path, count: int, **settings: str) -> None:
        """Create them; nothing runs yet.

        Args:
            folder: Holds their data, their logs, and the keys that they share.
            count: How many.
            settings: Variables by name, for all of them.
        """
        shared = {"TANDEM_KEYS_DIR": str(folder / "keys"), **settings}
        self.all = [BackendProcess(f"backend-{number}", folder, **shared) for number in range(count)]

    async def start(self) -> None:
        """Start those that do not run, and wait until they are ready."""
        for backend in self.all:
            if not backend.running:
                backend.start()
        await asyncio.gather(*(backend.ready() for backend in self.all))

    async def leader(self, *, but: BackendProcess | None = None) -> BackendProcess:
        """Wait until one leads, and return it.

        Args:
            but: Not asked, for it stands still.

        Raises:
            TimeoutError: None does.
        """
        async with asyncio.timeout(PATIENCE):
            while True:
                for backend in self.all:
                    if backend is not but and await backend.leads():
                        return backend
                await asyncio.sleep(_LOOK_SECONDS)

    async def close(self) -> None:
        """End all of them."""
        for backend in self.all:
            await backend.http.aclose()
            backend.kill()

    def check_output(self) -> None:
        """Check that none has printed an error.

        Raises:
            AssertionError: One has.
        """
        for backend in self.all:
            if "Traceback" in backend.printed or " ERROR " in backend.printed:
                raise AssertionError(f"{backend.name} printed an error: {backend.printed}")


@asynccontextmanager
async def several_backends(folder: Path, count: int, **settings: Any) -> AsyncGenerator[Backends]:
    """Run several backends, and check afterwards what they printed."""
    backends = Backends(folder, count, **settings)
    try:
        await backends.start()
        yield backends
    finally:
        await backends.close()
    backends.check_output()
