"""An app of a test's own, served in the test's event loop."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from tandem_platform.server import bind


@asynccontextmanager
async def served(app: FastAPI) -> AsyncGenerator[int]:
    """Serve ``app`` and yield its port. The socket listens at once: what comes early waits in its backlog."""
    listener = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving
