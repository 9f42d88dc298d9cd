"""`tandem-backend` and `tandem-websocket` as an operator starts them, by https between each other and to clients."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from tandem_client import Options, Pace, Tandem
from tandem_testing.backend import PASSWORD, PATIENCE
from tandem_testing.certificates import Authority
from tandem_testing.process import Process, free_port
from tandem_testing.readiness import until_ready


@asynccontextmanager
async def programs(folder: Path, authority: Authority) -> AsyncGenerator[tuple[str, str]]:
    """Run both; yield their URLs."""
    ports = {"tandem-backend": free_port(), "tandem-websocket": free_port()}
    backend, websocket = (f"https://localhost:{port}" for port in ports.values())
    common = {
        "PATH": os.environ["PATH"],
        "HOST": "127.0.0.1",
        "TANDEM_DATA_DIR": str(folder / "data"),
        "TANDEM_INTERNAL_TOKEN": "of this test",
        "TANDEM_BACKEND_URL": backend,
        "TANDEM_WEBSOCKET_SERVICE_URL": websocket,
        # No heartbeat comes to help: what arrives was posted.
        "HEARTBEAT_INTERVAL": "3600",
        "SSL_CERT_FILE": str(authority.file),
        **authority.issue("server").settings,
    }
    with ExitStack() as stack:
        started: list[Process] = []
        for name, port in ports.items():
            command = [str(Path(sys.executable).with_name(name))]
            process = Process(name, command, {**common, "PORT": str(port)}, folder)
            process.start()
            stack.callback(process.kill)
            started.append(process)
        await asyncio.gather(
            *(
                until_ready(one, url, seconds=2 * PATIENCE, tls=authority.trust)
                for one, url in zip(started, (backend, websocket), strict=True)
            )
        )
        yield backend, websocket
        for process in started:
            assert "Traceback" not in process.printed
            assert " ERROR " not in process.printed


async def test_programs_that_ask_each_other_by_https(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    async with programs(tmp_path, authority) as (backend, websocket):
        options = Options(
            ca=authority.file,
            socket_url=websocket.replace("https", "wss") + "/ws",
            trust_env=False,
            pace=Pace(backoff=(0.1,)),
        )
        one = Tandem.register(backend, email="ada@example.com", password=PASSWORD, options=options)
        two = Tandem.connect(backend, email="ada@example.com", password=PASSWORD, options=options)
        async with one as ada, two as other:
            changes = other.changes()
            task = await ada.add("Buy milk")
            assert (await asyncio.wait_for(anext(changes), PATIENCE)).task == task
