"""Servers for the tests of the whole program; what each of them printed is checked at the end."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from tandem_testing.server import TandemServer


@pytest.fixture
async def tandem(tmp_path: Path) -> AsyncGenerator[Callable[..., TandemServer]]:
    """Return a function that makes a server, not yet started, with settings by name.

    Each has a folder of its own, unless it is given one. At the end of the test they are killed, and neither an
    error of the program nor anything secret may be in what they printed (AU6).
    """
    made: list[TandemServer] = []

    def make(folder: Path | None = None, **options: Any) -> TandemServer:
        made.append(TandemServer(folder or tmp_path / f"tandem-{len(made)}", **options))
        return made[-1]

    yield make
    for server in made:
        await server.close()
    for server in made:
        server.check_output()


@pytest.fixture
def running(tandem: Callable[..., TandemServer]) -> TandemServer:
    """Return a started server with a quick heartbeat."""
    return tandem(HEARTBEAT_INTERVAL="0.5").start()
