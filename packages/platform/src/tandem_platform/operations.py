"""The routes by which a service is operated: alive, ready, metrics."""

from collections.abc import Awaitable, Callable, Sequence

import orjson
from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest


def operations_routes(
    not_ready: Callable[[], Awaitable[Sequence[str]]], registries: Sequence[CollectorRegistry]
) -> APIRouter:
    """Return ``/health``, ``/ready`` and ``/metrics``.

    Args:
        not_ready: Returns what is missing, a line each; empty when requests can be served.
        registries: The metrics of each part of the program.
    """

    async def health() -> Response:
        return Response(orjson.dumps({"status": "healthy"}), media_type="application/json")

    async def ready() -> Response:
        missing = list(await not_ready())
        body = {"status": "not ready" if missing else "ready", "reasons": missing}
        return Response(orjson.dumps(body), 503 if missing else 200, media_type="application/json")

    async def metrics() -> Response:
        text = b"".join(generate_latest(registry) for registry in registries)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    router = APIRouter(include_in_schema=False)
    router.add_api_route("/health", health)
    router.add_api_route("/ready", ready)
    router.add_api_route("/metrics", metrics)
    return router
