"""Connections that are cut, delayed and lost on purpose: Shopify's toxiproxy as a real process."""

import asyncio
from pathlib import Path
from typing import Any, Final

import httpx

from tandem_testing.daprd import ROOT
from tandem_testing.process import Process, free_port

_PROGRAM: Final = ROOT / ".cache/bin/toxiproxy-server"
_START_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.02


class Toxiproxy(Process):
    """Proxies of this machine. One that was killed comes back without any; `start_proxies` makes them anew."""

    def __init__(self, folder: Path) -> None:
        """Create it; nothing runs yet. ``folder`` is of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        self._port = free_port()
        self._api = f"http://127.0.0.1:{self._port}"
        super().__init__("toxiproxy", [str(_PROGRAM), "-host", "127.0.0.1", "-port", str(self._port)], {}, folder)

    async def ready(self) -> None:
        """Wait until it answers.

        Raises:
            TimeoutError: It does not.
        """
        async with asyncio.timeout(_START_SECONDS):
            while True:
                try:
                    await self._call("GET", "/proxies")
                except httpx.TransportError:
                    await asyncio.sleep(_LOOK_SECONDS)
                else:
                    return

    async def add(self, name: str, target: int, port: int | None = None) -> int:
        """Make a proxy to a port; return where it listens."""
        port = port or free_port()
        body = {"name": name, "listen": f"127.0.0.1:{port}", "upstream": f"127.0.0.1:{target}"}
        await self._call("POST", "/proxies", body)
        return port

    async def poison(self, name: str, kind: str, *, upstream: bool = False, toxicity: float = 1.0, **how: int) -> None:
        """Do something to a proxy's connections, those that are open included.

        Args:
            name: The proxy.
            kind: As toxiproxy calls it: ``latency``, ``timeout``, ``limit_data``, ``reset_peer``, ``bandwidth``, …
            upstream: On the way to the target, and not on the way back.
            toxicity: The part of the connections that it happens to.
            how: The kind's own attributes.
        """
        stream = "upstream" if upstream else "downstream"
        body = {"type": kind, "stream": stream, "toxicity": toxicity, "attributes": how}
        await self._call("POST", f"/proxies/{name}/toxics", body)

    async def cut(self, name: str) -> None:
        """Close a proxy's connections, and take no new ones."""
        await self._call("POST", f"/proxies/{name}", {"enabled": False})

    async def heal(self, name: str) -> None:
        """Let a proxy work again. Connections from before are closed: what got lost on them would be missing."""
        proxy = await self._call("GET", f"/proxies/{name}")
        # Taking single toxics away waits for ever now and then (toxiproxy 2.5).
        await self._call("DELETE", f"/proxies/{name}")
        await self._call("POST", "/proxies", {key: proxy[key] for key in ("name", "listen", "upstream")})

    async def _call(self, method: str, path: str, body: object = None) -> Any:
        async with httpx.AsyncClient(base_url=self._api, trust_env=False, timeout=_START_SECONDS) as client:
            reply = await client.request(method, path, json=body)
        reply.raise_for_status()
        return reply.json() if reply.content else None
