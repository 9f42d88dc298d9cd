"""The websocket service as a program of its own."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial

import httpx
from fastapi import FastAPI

from tandem_platform.body_limit import BodyLimit
from tandem_platform.certificate import ServerCertificate
from tandem_platform.clock import Clock
from tandem_platform.dapr_sidecar import Sidecar
from tandem_platform.event_signatures import EventKeys
from tandem_platform.jwks import RemoteKeys
from tandem_platform.logs import configure_logging
from tandem_platform.observability import Observability
from tandem_platform.operations import operations_routes
from tandem_platform.problems import install_problem_handlers
from tandem_platform.security_headers import SecurityHeaders
from tandem_platform.server import StartError, bind, run, serve
from tandem_platform.settings import SettingsError
from tandem_platform.tokens import TokenVerifier
from tandem_websocket.backend_client import BackendClient
from tandem_websocket.canary import EventPath
from tandem_websocket.event_source import EventSource
from tandem_websocket.service import WebSocketService, build_service
from tandem_websocket.settings import WebSocketSettings

__all__ = ["WebSocketService", "build_service", "create_app", "main"]

_BACKEND_TIMEOUT = 5.0
_BACKEND_APP_ID = "backend"
"""What the backend is called among Dapr's apps."""
_DELIVERY_MAX = 32 * 1024 * 1024
"""Bytes of a bulk of events: 100 of the largest, and to spare."""


def compose(settings: WebSocketSettings, clock: Clock | None = None) -> tuple[FastAPI, WebSocketService]:
    """Return the standalone app and its service.

    Args:
        settings: What the operator chose.
        clock: Time; the machine's if none is given.

    Raises:
        SettingsError: A setting is missing.
    """
    clock = clock or Clock()
    observability = Observability.open(settings, "tandem-websocket", clock.now)
    event_keys = EventKeys.parse(settings.event_keys.get_secret_value())
    sidecar = _open_sidecar(settings, event_keys)
    client = httpx.AsyncClient(timeout=_BACKEND_TIMEOUT) if sidecar is None else sidecar.client
    url = settings.backend_url.rstrip("/") if sidecar is None else sidecar.method_url(_BACKEND_APP_ID)
    keys = RemoteKeys(f"{url}/.well-known/jwks.json", client, clock.monotonic)
    backend = BackendClient(url, settings.internal_token.get_secret_value(), client)
    path = None if sidecar is None else EventPath(partial(sidecar.check, subscribed=True), backend.send_canary)
    service = build_service(
        settings,
        verifier=TokenVerifier(keys.keys, clock.now),
        refresh_keys=keys.refresh,
        heads=backend.heads,
        clock=clock,
        random_bytes=os.urandom,
        source=EventSource(settings.app_api_token, event_keys, path),
        observability=observability,
    )

    async def close() -> None:
        await client.aclose()
        await asyncio.to_thread(observability.close)

    return standalone_app(service, close, observability), service


def _open_sidecar(settings: WebSocketSettings, event_keys: EventKeys | None) -> Sidecar | None:
    """Return the client of the sidecar, where there is to be one."""
    if settings.bus != "dapr":
        return None
    if event_keys is None:
        raise SettingsError(
            "setting TANDEM_EVENT_KEYS is missing: without it whoever reaches the broker speaks to every browser; "
            "give backend and websocket service the same name:secret (openssl rand -hex 32)"
        )
    return Sidecar(settings)


def create_app(settings: WebSocketSettings) -> FastAPI:
    """Return the standalone app."""
    return compose(settings)[0]


def standalone_app(
    service: WebSocketService, close: Callable[[], Awaitable[None]], observability: Observability
) -> FastAPI:
    """Return the app of a service that has a process of its own.

    Args:
        service: Started and stopped with the app.
        close: Called when the service has stopped.
        observability: Whose metrics are shown besides.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()
            await close()

    app = FastAPI(title="Tandem WebSocket Service", lifespan=lifespan, docs_url=None, redoc_url=None)
    install_problem_handlers(app)
    app.add_middleware(BodyLimit, limit=_DELIVERY_MAX)
    app.add_middleware(SecurityHeaders)
    app.include_router(service.router)
    app.include_router(service.events_router)

    async def not_ready() -> list[str]:
        return service.not_ready()

    app.include_router(operations_routes(not_ready, [service.registry, observability.audit.registry]))
    return app


def main() -> int:
    """Run the service until it is told to end; return the exit status."""
    configure_logging()
    try:
        settings = WebSocketSettings.load()
        certificate = ServerCertificate.open(settings, Clock().now)
        listener = bind(settings.host, settings.port)
        app, service = compose(settings)
        run(
            serve(
                app,
                listener,
                drain=service.drain,
                trusted_proxies=settings.trusted_proxies,
                certificate=certificate,
            )
        )
    except (SettingsError, StartError) as error:
        sys.stderr.write(f"tandem-websocket: {error}\n")
        return 1
    return 0
