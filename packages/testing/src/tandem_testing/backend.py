"""A backend for tests: any database, a clock that stands still, a bus that remembers, cheap password hashes."""

import asyncio
import os
import signal
import ssl
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import orjson
from argon2 import PasswordHasher
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select

from tandem_backend.main import Backend, build_backend, new_app
from tandem_backend.services.passwords import Passwords
from tandem_backend.services.signing_keys import load_keys
from tandem_backend.settings import BackendSettings
from tandem_backend.storage.locate import open_database
from tandem_backend.storage.tables import outbox
from tandem_platform.clock import Clock
from tandem_platform.server import bind, serve
from tandem_platform.tokens import AccessClaims

PASSWORD: Final = "correct horse battery"  # noqa: S105 - of test accounts
INTERNAL_TOKEN: Final = "internal-token-of-tests"  # noqa: S105
PATIENCE: Final = 30.0
"""Seconds after which a test that waits for something gives up."""
_START: Final = 1_900_000_000.0


def settings_for(folder: Path, database_url: str = "", **more: Any) -> BackendSettings:
    """Return settings whose database is SQLite in ``folder``, unless a URL is given, whatever the environment says."""
    return BackendSettings.load({"data_dir": folder, "database_url": SecretStr(database_url), **more})


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = _START) -> None:
        """Create it; ``now`` is seconds since 1970."""
        self.now = now

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def clock(self) -> Clock:
        """Return it in the form that the programs take."""
        return Clock(now=lambda: self.now, monotonic=lambda: self.now)


class RecordingBus:
    """Remembers what is published; refuses with ``failure`` while there is one, takes for ever while ``hanging``."""

    def __init__(self) -> None:
        """Create a bus that takes everything."""
        self.published: list[dict[str, Any]] = []
        self.failure: BaseException | None = None
        self.hanging = False
        self._taken = 0
        self._changed = asyncio.Condition()
        self._tries = 0

    async def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """See `tandem_platform.bus.EventBus.publish`."""
        del topic
        async with self._changed:
            self._tries += 1
            self._changed.notify_all()
        if self.hanging:
            await asyncio.Event().wait()
        if self.failure is not None:
            raise self.failure
        async with self._changed:
            self.published.extend(orjson.loads(event) for event in events)
            self._changed.notify_all()

    async def take(self, count: int) -> list[dict[str, Any]]:
        """Wait for the next ``count`` events that nobody took, and return them.

        Raises:
            TimeoutError: They do not come.
        """
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: len(self.published) >= self._taken + count)
        self._taken += count
        return self.published[self._taken - count : self._taken]

    async def saw(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until an event of this kind was published, whoever took it.

        Raises:
            TimeoutError: None comes.
        """
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: any(map(wanted, self.published)))

    async def tried(self, times: int) -> None:
        """Wait until something was tried ``times`` more often than now.

        Raises:
            TimeoutError: Nobody tries.
        """
        goal = self._tries + times
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: self._tries >= goal)

    async def close(self) -> None:
        """See `tandem_platform.bus.EventBus.close`."""


@dataclass(frozen=True)
class BackendHarness:
    """A backend and what it was given. Its relay and its janitor rest until a test starts them."""

    backend: Backend
    app: FastAPI
    clock: ManualClock
    bus: RecordingBus

    def client(self, address: str = "192.0.2.1", **options: Any) -> httpx.AsyncClient:
        """Return a client that speaks to the app without a network, from an address."""
        transport = httpx.ASGITransport(self.app, client=(address, 1), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://tandem.test", **options)

    async def register(self, email: str = "ada@example.com", **options: Any) -> "Device":
        """Make an account and return its first device."""
        return await self._enter("register", email, 201, **options)

    async def login(self, email: str = "ada@example.com", **options: Any) -> "Device":
        """Sign in on another device."""
        return await self._enter("login", email, 200, **options)

    async def events(self) -> list[dict[str, Any]]:
        """Return the events in the outbox, oldest first."""
        rows = await self.backend.context.database.read(
            lambda connection: connection.execute(select(outbox.c.event).order_by(outbox.c.id)).all()
        )
        return [orjson.loads(row[0]) for row in rows]

    async def _enter(self, how: str, email: str, status: int, **options: Any) -> "Device":
        client = self.client(**options)
        reply = await client.post(f"/api/auth/{how}", json={"email": email, "password": PASSWORD})
        if reply.status_code != status:
            raise AssertionError(reply.text)
        return Device(client, reply.json())


class Device:
    """A signed-in client of one user: calls of the HTTP interface by name."""

    def __init__(
        self, client: httpx.AsyncClient, authenticated: dict[str, Any], tls: ssl.SSLContext | None = None
    ) -> None:
        """Take the answer to a sign-in; ``tls`` is what its sockets trust, where they are ``wss``."""
        self.client = client
        self.tls = tls
        self.user_id: str = authenticated["user"]["id"]
        self.session_id: str = authenticated["session_id"]
        self.token: str = authenticated["access_token"]

    @property
    def claims(self) -> AccessClaims:
        """Return whom the token speaks for."""
        return AccessClaims(self.user_id, self.session_id, float("inf"))

    async def call(self, method: str, path: str, key: str | None = None, **options: Any) -> httpx.Response:
        """Send a request with the access token; ``path`` is below the user's path, or whole when it begins with /."""
        headers = {"authorization": f"Bearer {self.token}"} | ({"idempotency-key": key} if key else {})
        url = path if path.startswith("/") else f"/api/{self.user_id}/{path}"
        return await self.client.request(method, url, headers=headers | options.pop("headers", {}), **options)

    async def refresh(self) -> None:
        """Exchange the refresh cookie for a new one and a new access token."""
        reply = await self.client.post("/api/auth/refresh")
        if not reply.is_success:
            raise AssertionError(reply.text)
        self.token = reply.json()["access_token"]

    async def create(self, key: str | None = None, **body: Any) -> httpx.Response:
        """Make a task."""
        return await self.call("POST", "tasks", key, json={"title": "task", **body})

    async def made(self, **body: Any) -> dict[str, Any]:
        """Make a task and return it."""
        reply = await self.create(**body)
        if not reply.is_success:
            raise AssertionError(reply.text)
        return reply.json()

    async def patch(self, task: str, key: str | None = None, **body: Any) -> httpx.Response:
        """Change fields of a task."""
        return await self.call("PATCH", f"tasks/{task}", key, json=body)

    async def delete(self, task: str, key: str | None = None) -> httpx.Response:
        """Delete a task."""
        return await self.call("DELETE", f"tasks/{task}", key)

    async def post(self, task: str, verb: str, key: str | None = None) -> httpx.Response:
        """Complete or restore a task."""
        return await self.call("POST", f"tasks/{task}/{verb}", key)

    async def tasks(self) -> dict[str, Any]:
        """Return the list."""
        reply = await self.call("GET", "tasks")
        if not reply.is_success:
            raise AssertionError(reply.text)
        return reply.json()

    async def changes(self, cursor: str | None = None, limit: int | None = None) -> dict[str, Any]:
        """Return a page of the feed."""
        given = {"cursor": cursor, "limit": limit}
        reply = await self.call("GET", "changes", params={k: v for k, v in given.items() if v is not None})
        if not reply.is_success:
            raise AssertionError(reply.text)
        return reply.json()


@asynccontextmanager
async def backend_harness(settings: BackendSettings, **options: Any) -> AsyncGenerator[BackendHarness]:
    """Run a backend on a database that has been migrated.

    Args:
        settings: Where the database and the keys are.
        options: Parts to replace: ``clock`` (a `ManualClock`), ``bus``, and what `build_backend` takes.
    """
    clock = options.pop("clock", None) or ManualClock()
    bus = options.pop("bus", None) or RecordingBus()
    parts: dict[str, Any] = {
        "passwords": Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
        "internal_token": INTERNAL_TOKEN,
        **options,
    }
    backend = build_backend(
        settings,
        database=open_database(settings),
        bus=bus,
        keyring=load_keys(settings.keys_folder, lambda: str(uuid4())),
        clock=clock.clock(),
        random_bytes=os.urandom,
        **parts,
    )
    app = new_app("Tandem")
    backend.install(app)
    try:
        yield BackendHarness(backend, app, clock, bus)
    finally:
        await backend.stop()


@asynccontextmanager
async def served(server: BackendHarness, trusted: Sequence[str] = ()) -> AsyncGenerator[httpx.AsyncClient]:
    """Yield a client of the app on a real port, behind proxies that are trusted."""
    listener = bind("127.0.0.1", 0)
    started = asyncio.Event()
    task = asyncio.create_task(serve(server.app, listener, on_started=started.set, trusted_proxies=trusted))
    try:
        await asyncio.wait_for(started.wait(), PATIENCE)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            yield client
    finally:
        # The server ends as an operator ends it.
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(task, PATIENCE)
