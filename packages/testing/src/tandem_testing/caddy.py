"""Caddy with the Caddyfile of an installation by Compose."""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx

from tandem_testing.compose_file import ComposeFile
from tandem_testing.daprd import ROOT
from tandem_testing.process import Process, free_port

CADDY: Final = ROOT / ".cache/bin/caddy"
_READY_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.1


class Caddy(Process):
    """The container `caddy` without the container: other ports, other addresses behind it, another folder."""

    def __init__(self, folder: Path, file: ComposeFile, addresses: Mapping[str, int]) -> None:
        """Create it; nothing runs yet.

        Args:
            folder: A folder of its own.
            file: The Compose file.
            addresses: The ports on this machine for the addresses of containers, such as ``frontend:8080``.
        """
        folder.mkdir(parents=True)
        self.port = free_port()
        self.plain_port = free_port()
        self._data = folder / "data"
        text = file.mounted("caddy", "/etc/caddy/Caddyfile").read_text()
        text = text.replace("storage file_system /data", f"storage file_system {self._data}")
        text = text.replace("http_port 8080", f"http_port {self.plain_port}")
        text = text.replace("https_port 8443", f"https_port {self.port}")
        (folder / "Caddyfile").write_text(text.replace("127.0.0.1:8081", f"127.0.0.1:{free_port()}"))
        routes = file.mounted("caddy", "/etc/caddy/routes").read_text()
        for address, port in addresses.items():
            routes = routes.replace(address, f"127.0.0.1:{port}")
        (folder / "routes").write_text(routes)
        environment = {**file.environment("caddy"), "HOME": str(folder)}
        super().__init__("caddy", [str(CADDY), "run", "--config", str(folder / "Caddyfile")], environment, folder)

    @property
    def url(self) -> str:
        """Return where browsers reach it."""
        return f"https://localhost:{self.port}"

    @property
    def authority(self) -> Path:
        """Return the certificate of its own authority, which it makes when it first starts."""
        return self._data / "pki" / "authorities" / "local" / "root.crt"

    async def ready(self) -> None:
        """Wait until it has made its certificates and uses them.

        Raises:
            TimeoutError: It does not.
        """
        async with asyncio.timeout(_READY_SECONDS):
            # What another process does can only be looked at.
            while True:
                if await self._shakes_hands():
                    return
                await asyncio.sleep(_LOOK_SECONDS)

    def client(self) -> httpx.AsyncClient:
        """Return a client that trusts its authority."""
        context = ssl.create_default_context(cafile=str(self.authority))
        return httpx.AsyncClient(base_url=self.url, verify=context, trust_env=False, timeout=_READY_SECONDS)

    async def _shakes_hands(self) -> bool:
        if not self.authority.exists():
            return False
        async with self.client() as client:
            try:
                await client.get("/")
            except httpx.TransportError:
                return False
        return True
