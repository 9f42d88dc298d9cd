"""Dapr's sidecar as a real process."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import httpx

from tandem_testing.process import Process, free_port

ROOT: Final = Path(__file__).parents[4]
_PROGRAM: Final = ROOT / ".cache/bin/daprd"
_READY_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.05


class Daprd(Process):
    """A sidecar in standalone mode, reached on this machine only."""

    def __init__(
        self,
        app_id: str,
        *,
        app_port: int | None,
        resources: Sequence[Path],
        environment: Mapping[str, str],
        folder: Path,
        options: Sequence[str] = (),
    ) -> None:
        """Create it; nothing runs yet.

        Args:
            app_id: Its app's name.
            app_port: Where the app listens, if it does.
            resources: Folders of components, subscriptions and policies.
            environment: Variables: tokens, ``POD_NAME``, the secrets of a store of variables.
            folder: Where its log goes.
            options: More arguments.
        """
        self.http_port = free_port()
        self.grpc_port = free_port()
        self.resources = resources
        ports = {"dapr-http-port": self.http_port, "dapr-grpc-port": self.grpc_port}
        if app_port is not None:
            ports["app-port"] = app_port
        arguments = [f"--{name}={port}" for name, port in ports.items()]
        arguments += [f"--dapr-internal-grpc-port={free_port()}", "--dapr-listen-addresses=127.0.0.1"]
        arguments += [f"--app-id={app_id}", "--enable-metrics=false", "--log-level=warn", *options]
        arguments += [f"--resources-path={path}" for path in resources]
        variables = {"PATH": os.environ["PATH"], "HOME": str(folder), "DAPR_HOST_IP": "127.0.0.1", **environment}
        super().__init__(f"daprd-{folder.name}", [str(_PROGRAM), *arguments], variables, folder)

    @property
    def url(self) -> str:
        """Return where its app reaches it."""
        return f"http://127.0.0.1:{self.http_port}/v1.0"

    async def ready(self) -> None:
        """Wait until its components are loaded, whether or not its app is there.

        Raises:
            RuntimeError: It has ended; with what it printed.
            TimeoutError: It is not ready yet.
        """
        headers = {"dapr-api-token": self.environment.get("DAPR_API_TOKEN", "")}
        async with asyncio.timeout(_READY_SECONDS), httpx.AsyncClient(trust_env=False, headers=headers) as client:
            while True:
                try:
                    if (await client.get(f"{self.url}/healthz/outbound")).is_success:
                        return
                except httpx.TransportError:
                    pass
                if not self.running:
                    raise RuntimeError(f"{self.name} has ended: {self.printed}")
                await asyncio.sleep(_LOOK_SECONDS)
