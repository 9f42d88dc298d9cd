"""A program for `test_server`: serves until a signal, and says on stdout what it is doing."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from tandem_platform.server import StartError, bind, serve


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Fail to start if that is asked for."""
    if "fail-start" in sys.argv:
        raise RuntimeError("no database")
    yield
    say("closed")


app = FastAPI(lifespan=lifespan)
draining = asyncio.Event()


@app.get("/slow")
async def slow() -> str:
    """Answer only when the server is going down."""
    say("waiting")
    await draining.wait()
    return "finished"


async def drain() -> None:
    """Let `slow` go on, or misbehave."""
    say("draining")
    draining.set()
    if "fail-drain" in sys.argv:
        raise RuntimeError("drain broke")
    if "hang-drain" in sys.argv:
        await asyncio.Event().wait()


async def main() -> None:
    """Serve on a free port."""
    listener = bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    await serve(app, listener, drain=drain, on_started=lambda: say(f"port {port}"))
    say("cleaned up")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except StartError as error:
        say(f"error: {error}")
        sys.exit(os.EX_CONFIG)
