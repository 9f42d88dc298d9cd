"""The websocket service as a program of its own."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import httpx
import uvloop
from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from tandem_platform.clock import Clock
from tandem_platform.jwks import RemoteKeys
from tandem_platform.logs import configure_logging
from tandem_platform.problems import install_problem_handlers
from tandem_platform.server import StartError, bind, serve
from tandem_platform.settings import SettingsError
from tandem_platform.tokens import TokenVerifier
from tandem_websocket.heads import RemoteHeads
from tandem_websocket.service import WebSocketService, build_service
from tandem_websocket.settings import WebSocketSettings

__all__ = ["WebSocketService", "build_service", "create_app", "main"]

_BACKEND_TIMEOUT = 5.0


def compose(settings: WebSocketSettings, clock: Clock | None = None) -> tuple[FastAPI, WebSocketService]:
    """Return the standalone app and its service.

    Args:
        settings: What the operator chose.
        clock: Time; the machine's if none is given.
    """
    clock = clock or Clock()
    client = httpx.AsyncClient(timeout=_BACKEND_TIMEOUT)
    backend_url = settings.backend_url.rstrip("/")
    keys = RemoteKeys(f"{backend_url}/.well-known/jwks.json", client, clock.monotonic)
    service = build_service(
        settings,
        verifier=TokenVerifier(keys.keys, clock.now),
        refresh_keys=keys.refresh,
        heads=RemoteHeads(backend_url, settings.internal_token.get_secret_value(), client),
        clock=clock,
        random_bytes=os.urandom,
    )

    return standalone_app(service, client.aclose), service


def create_app(settings: WebSocketSettings) -> FastAPI:
    """Return the standalone app."""
    return compose(settings)[0]


def standalone_app(service: WebSocketService, close: Callable[[], Awaitable[None]]) -> FastAPI:
    """Return the app of a service that has a process of its own.

    Args:
        service: Started and stopped with the app.
        close: Called when the service has stopped.
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
    app.include_router(service.router)
    app.include_router(service.events_router)
    _add_probes(app, service)
    return app


def _add_probes(app: FastAPI, service: WebSocketService) -> None:
    @app.get("/health")
    async def health() -> dict[str, str]:
        """Answer as long as the process works."""
        return {"status": "healthy"}

    @app.get("/ready")
    async def ready(response: Response) -> dict[str, Any]:
        """Tell whether the service can do its work, and if not, why."""
        reasons = service.not_ready()
        if reasons:
            response.status_code = 503
        return {"status": "not ready" if reasons else "ready", "reasons": reasons}

    @app.get("/metrics")
    async def metrics() -> Response:
        """Tell Prometheus what was counted."""
        return Response(generate_latest(service.registry), media_type=CONTENT_TYPE_LATEST)


def main() -> int:
    """Run the service until it is told to end; return the exit status."""
    configure_logging()
    try:
        settings = WebSocketSettings.load()
        listener = bind(settings.host, settings.port)
    except (SettingsError, StartError) as error:
        sys.stderr.write(f"tandem-websocket: {error}\n")
        return 1
    app, service = compose(settings)
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(app, listener, drain=service.drain))
    return 0
