"""The backend as a whole, and as a program of its own."""

import asyncio
import os
import random
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from tandem_backend.api import accounts, changes, internal, server, tasks
from tandem_backend.api.context import Context
from tandem_backend.api.document import openapi_document as describe
from tandem_backend.api.errors import install_storage_handlers
from tandem_backend.event_bus import BusProbe, open_bus
from tandem_backend.services import feed
from tandem_backend.services.accounts import Accounts, TryLimits
from tandem_backend.services.database_keys import open_keys
from tandem_backend.services.event_publisher import EventPublisher
from tandem_backend.services.janitor import Janitor
from tandem_backend.services.passwords import Passwords
from tandem_backend.services.sessions import Sessions
from tandem_backend.services.signing_keys import Keyring
from tandem_backend.settings import BackendSettings, StandaloneBackendSettings
from tandem_backend.storage.database import Database, StorageUnavailableError
from tandem_backend.storage.leadership import Leadership
from tandem_backend.storage.locate import open_database, open_leadership, prepare_database, refuse_missing_database
from tandem_platform.body_limit import BodyLimit
from tandem_platform.bus import EventBus
from tandem_platform.certificate import ServerCertificate
from tandem_platform.clock import Clock
from tandem_platform.data_folder import PRIVATE_UMASK, locked
from tandem_platform.logs import configure_logging
from tandem_platform.observability import Observability
from tandem_platform.operations import operations_routes
from tandem_platform.problems import install_problem_handlers
from tandem_platform.randomness import BufferedRandomness
from tandem_platform.security_headers import SecurityHeaders
from tandem_platform.server import StartError, bind, run, serve
from tandem_platform.settings import SettingsError
from tandem_platform.tokens import TokenVerifier
from tandem_protocol.heads import HeadsReply, HeadsRequest
from tandem_protocol.ids import RandomBytes, uuid7

_DATABASE_SECONDS: Final = 2.0
"""How long a database that works may take to answer the simplest question."""
BODY_MAX: Final = 256 * 1024
"""Bytes of a request; a task with the longest description, every character escaped, is half of that."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A running backend, without the server around it."""

    context: Context
    publisher: EventPublisher
    janitor: Janitor
    registry: CollectorRegistry

    def install(self, app: FastAPI) -> None:
        """Give ``app`` the backend's routes, its handlers of errors and its limits."""
        app.state.backend = self.context
        install_problem_handlers(app)
        install_storage_handlers(app)
        add_routes(app)
        app.add_middleware(BodyLimit, limit=BODY_MAX)
        app.add_middleware(SecurityHeaders, hsts_seconds=self.context.settings.hsts_seconds)
        if self.context.settings.allowed_origins:
            app.add_middleware(
                CORSMiddleware,
                allow_origins=list(self.context.settings.allowed_origins),
                allow_credentials=True,
                allow_methods=["*"],
                allow_headers=["authorization", "content-type", "idempotency-key"],
                expose_headers=["idempotency-replayed", "retry-after"],
            )

    def start(self) -> None:
        """Begin to publish and to purge."""
        self.publisher.start()
        self.janitor.start()

    async def stop(self) -> None:
        """Publish what is left and close the database."""
        await self.janitor.stop()
        await self.publisher.stop()
        await self.context.database.close()

    async def heads(self, request: HeadsRequest) -> HeadsReply:
        """Answer what the websocket service asks at each heartbeat."""
        return await self.context.database.read(lambda connection: feed.heads(connection, request))

    async def not_ready(self) -> list[str]:
        """Return what is missing, a line each. A bus that does not take events is no reason: nobody waits for it."""
        try:
            async with asyncio.timeout(_DATABASE_SECONDS):
                await self.context.database.read(lambda connection: connection.execute(select(1)).scalar_one())
        except StorageUnavailableError as error:
            return [f"the database cannot be used: {error}"]
        except TimeoutError:
            return ["the database does not answer"]
        return []


def build_backend(  # noqa: PLR0913 - the one place where everything meets
    settings: BackendSettings,
    *,
    database: Database,
    bus: EventBus,
    keyring: Keyring,
    clock: Clock,
    random_bytes: RandomBytes,
    passwords: Passwords | None = None,
    internal_token: str = "",
    leadership: Leadership | None = None,
    observability: Observability | None = None,
) -> Backend:
    """Put a backend together.

    Args:
        settings: Its settings.
        database: Open, and migrated.
        bus: Where events go.
        keyring: The keys.
        clock: Time.
        random_bytes: Randomness for ids and tokens.
        passwords: How passwords are hashed; the recommended way if none is given.
        internal_token: What a websocket service of its own process shows to ask for heads.
        leadership: Which of several backends publishes; this one if it is not given.
        observability: Takes audit lines and spans; nobody does if it is not given.
    """
    observability = observability or Observability()
    registry = CollectorRegistry()
    sessions = Sessions(
        database,
        keyring,
        access_seconds=settings.access_token_seconds,
        clock=clock,
        random_bytes=random_bytes,
    )
    limits = TryLimits(settings.tries_per_account, settings.tries_per_network)
    context = Context(
        settings=settings,
        database=database,
        accounts=Accounts(
            database, passwords or Passwords(), sessions, limits=limits, clock=clock, random_bytes=random_bytes
        ),
        sessions=sessions,
        verifier=TokenVerifier(keyring.public, clock.now),
        keyring=keyring,
        clock=clock,
        random_for_ids=BufferedRandomness(random_bytes),
        internal_token=internal_token,
        bus=bus,
        audit=observability.audit,
        tracing=observability.tracing,
        versions={"tandem": version("tandem-backend")},
    )
    publisher = EventPublisher(
        database,
        bus,
        registry=registry,
        jitter=random.random,
        leadership=leadership,
        tracing=observability.tracing,
    )
    janitor = Janitor(database, session_days=settings.session_days, clock=clock)
    return Backend(context, publisher, janitor, registry)


def add_routes(app: FastAPI) -> None:
    """Add the routes of the HTTP interface."""
    # In the order of how often they are asked for: routes are looked through one by one.
    routers: tuple[APIRouter, ...] = (tasks.router, changes.router, accounts.router, server.router, internal.router)
    for router in routers:
        app.include_router(router)


def openapi_document() -> dict[str, Any]:
    """Return the description of the HTTP interface, without starting anything."""
    app = new_app("Tandem")
    add_routes(app)
    return describe(app)


def new_app(title: str, **options: Any) -> FastAPI:
    """Return an empty app with Tandem's title, version and place of its documentation."""
    app = FastAPI(
        title=title,
        version=version("tandem-backend"),
        description="A to-do list that is the same on every tab and device, at once.",
        # Its pages would run scripts of another site on this one.
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        **options,
    )
    app.openapi = lambda: describe(app)
    return app


def create_app(settings: StandaloneBackendSettings) -> FastAPI:
    """Return the backend as an app of its own.

    Raises:
        SettingsError: A setting is missing.
        StartError: The database or the keys cannot be used.
    """
    clock = Clock()
    observability = Observability.open(settings, "tandem-backend", clock.now)
    opened = open_bus(settings, clock.now)
    probe = BusProbe(opened.check)
    prepare_database(settings)
    keys = open_keys(settings, lambda: uuid7(int(clock.now() * 1000), os.urandom))
    backend = build_backend(
        settings,
        database=open_database(settings),
        bus=opened.bus,
        keyring=keys,
        internal_token=settings.internal_token.get_secret_value(),
        leadership=open_leadership(settings),
        clock=clock,
        random_bytes=os.urandom,
        observability=observability,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        backend.start()
        probe.start()
        try:
            yield
        finally:
            await probe.stop()
            await backend.stop()
            await opened.bus.close()
            await asyncio.to_thread(observability.close)

    async def not_ready() -> list[str]:
        return [*await backend.not_ready(), *probe.not_ready()]

    app = new_app("Tandem backend", lifespan=lifespan)
    backend.install(app)
    app.include_router(operations_routes(not_ready, [backend.registry, observability.audit.registry]))
    return app


def main() -> None:
    """Run the backend as a program of its own; an error that an operator can mend is one line."""
    try:
        settings = StandaloneBackendSettings.load()
        configure_logging(settings.log_level)
        os.umask(PRIVATE_UMASK)
        certificate = ServerCertificate.open(settings, Clock().now)
        with locked(settings.data_dir), bind(settings.host, settings.port) as listener:
            refuse_missing_database(settings)
            app = create_app(settings)
            run(serve(app, listener, trusted_proxies=settings.trusted_proxies, certificate=certificate))
    except (StartError, SettingsError) as error:
        sys.stderr.write(f"tandem-backend: {error}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
