import logging
from collections.abc import AsyncGenerator, Generator, Mapping

import pytest
import uvloop
from pytest_asyncio.plugin import LoopFactory

from tandem_testing.sockets import SocketServer, socket_server


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, LoopFactory]:
    """Run the tests on the loop that the service runs on."""
    del config, item
    return {"uvloop": uvloop.new_event_loop}


_JUNK = ("Invalid HTTP request received.", "Unsupported upgrade request.")
"""What uvicorn says of junk that is no WebSocket at all."""


@pytest.fixture(autouse=True)
def quiet_log(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Nothing that a client does causes an error, a traceback or a warning that is not the service's own."""
    yield
    bad = [
        record
        for record in caplog.get_records("call") + caplog.get_records("teardown")
        if record.levelno >= logging.ERROR
        or record.exc_info
        or (
            record.levelno >= logging.WARNING
            and not record.name.startswith("tandem")
            and record.getMessage() not in _JUNK
        )
    ]
    assert not bad, [record.getMessage() for record in bad]


@pytest.fixture
async def server() -> AsyncGenerator[SocketServer]:
    async with socket_server(heartbeat_interval=3600) as running:
        yield running
