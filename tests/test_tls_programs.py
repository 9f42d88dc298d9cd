"""`tandem-backend` and `tandem-websocket` as an operator starts them, by https between each other and to clients."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import httpx

from tandem_client import Options, Pace, Tandem
from tandem_testing.backend import PASSWORD, PATIENCE
from tandem_testing.certificates import Authority
from tandem_testing.process import Process, free_port


async def ready(program: Process, url: str, authority: Authority) -> None:
    """Wait until a program is ready."""
    said = ""
    try:
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(verify=authority.trust, trust_env=False) as client:
            while True:
                try:
                    reply = await client.get(f"{url}/ready")
                    if reply.is_success:
                        return
                    said = reply.text
                except httpx.TransportError as error:
                    said = repr(error)
                assert program.running, program.printed
                # Whether another process listens can only be looked at.
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{program.name} is not ready: {said} {program.printed}") from None


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
            *(ready(one, url, authority) for one, url in zip(started, (backend, websocket), strict=True))
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
