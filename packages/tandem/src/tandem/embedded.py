"""Everything in one process: backend, websocket service and frontend, on one port and an in-process bus."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from tandem.frontend import add_frontend
from tandem.settings import EmbeddedSettings
from tandem_backend.main import build_backend, new_app
from tandem_backend.services.signing_keys import Keyring
from tandem_backend.storage.database import Database, StorageUnavailableError
from tandem_platform.bus import TASK_UPDATES, InProcessBus
from tandem_platform.clock import Clock
from tandem_platform.observability import Observability
from tandem_platform.operations import operations_routes
from tandem_protocol.heads import HeadsReply, HeadsRequest
from tandem_websocket.backend_client import BackendUnavailableError
from tandem_websocket.service import WebSocketService, build_service


@dataclass(frozen=True, slots=True)
class Embedded:
    """The app, and the part of it that says goodbye to its sockets."""

    app: FastAPI
    service: WebSocketService


def build_embedded(
    settings: EmbeddedSettings, *, database: Database, keyring: Keyring, frontend: Path, clock: Clock
) -> Embedded:
    """Put the one-process Tandem together.

    Args:
        settings: Its settings.
        database: Open, and migrated.
        keyring: The keys.
        frontend: Folder of the built frontend.
        clock: Time.

    Raises:
        SettingsError: The audit log cannot be written, or traces cannot be sent.
    """
    bus = InProcessBus()
    observability = Observability.open(settings, "tandem", clock.now)
    backend = build_backend(
        settings,
        database=database,
        bus=bus,
        keyring=keyring,
        clock=clock,
        random_bytes=os.urandom,
        observability=observability,
    )

    async def heads(request: HeadsRequest) -> HeadsReply:
        try:
            return await backend.heads(request)
        except StorageUnavailableError as error:
            raise BackendUnavailableError(str(error)) from error

    service = build_service(
        settings,
        verifier=backend.context.verifier,
        refresh_keys=None,
        heads=heads,
        clock=clock,
        random_bytes=os.urandom,
        observability=observability,
    )
    bus.subscribe(TASK_UPDATES, service.handle)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await service.start()
        backend.start()
        try:
            yield
        finally:
            await backend.stop()
            await service.stop()
            await asyncio.to_thread(observability.close)

    async def not_ready() -> list[str]:
        return [*await backend.not_ready(), *service.not_ready()]

    app = new_app("Tandem", lifespan=lifespan)
    backend.install(app)
    app.include_router(service.router)
    app.include_router(operations_routes(not_ready, [backend.registry, service.registry, observability.audit.registry]))
    add_frontend(app, frontend)
    return Embedded(app, service)
