"""Sidecars with Tandem's own Dapr files and a Redis, for apps that a test serves itself."""

import secrets
from contextlib import ExitStack
from pathlib import Path

import httpx

from tandem_platform.bus_settings import BusSettings
from tandem_testing.dapr_files import CONFIGURATION, Role, write_resources, write_secrets
from tandem_testing.daprd import Daprd
from tandem_testing.redis import Redis


class Sidecars:
    """A Redis and any number of sidecars."""

    def __init__(self, folder: Path) -> None:
        """Create it; nothing runs yet. ``folder`` is empty and its own."""
        self._folder = folder
        self._stack = ExitStack()
        self.app_token, self.dapr_token = secrets.token_hex(16), secrets.token_hex(16)
        self.redis = Redis(folder / "redis")
        self.secrets_file = folder / "secrets.json"
        redis = {"host": f"127.0.0.1:{self.redis.port}", "password": self.redis.password, "tls": "false"}
        write_secrets(self.secrets_file, {"redis": redis})

    def start(self) -> None:
        """Start Redis, and wait for nothing."""
        self._stack.callback(self.redis.kill)
        self.redis.start()

    def close(self) -> None:
        """End everything."""
        self._stack.close()

    def add(
        self,
        app_id: str,
        role: Role,
        pod_name: str,
        app_port: int | None = None,
        *,
        configuration: Path = CONFIGURATION,
    ) -> Daprd:
        """Return a sidecar that is not started; it ends with the others.

        Args:
            app_id: Its app's name.
            role: Whose files it loads.
            pod_name: ``POD_NAME``.
            app_port: Where the app listens, if it does.
            configuration: What it may be asked.
        """
        # Sidecars of one name have folders of their own.
        folder = self._folder / f"{pod_name}-{secrets.token_hex(4)}"
        write_resources(folder / "dapr", role, self.secrets_file)
        sidecar = Daprd(
            app_id,
            app_port=app_port,
            resources=[folder / "dapr"],
            environment={"POD_NAME": pod_name, "APP_API_TOKEN": self.app_token, "DAPR_API_TOKEN": self.dapr_token},
            folder=folder,
            options=[f"--config={configuration}"],
        )
        self._stack.callback(sidecar.kill)
        return sidecar

    async def started(
        self,
        app_id: str,
        role: Role,
        pod_name: str,
        app_port: int | None = None,
        *,
        configuration: Path = CONFIGURATION,
    ) -> Daprd:
        """Return a sidecar that is ready; see `add`."""
        sidecar = self.add(app_id, role, pod_name, app_port, configuration=configuration)
        sidecar.start()
        await sidecar.ready()
        return sidecar

    def settings(self, sidecar: Daprd) -> BusSettings:
        """Return the settings of the sidecar's app."""
        return BusSettings.load({"dapr_http_port": sidecar.http_port, "dapr_api_token": self.dapr_token})

    def client(self, sidecar: Daprd) -> httpx.AsyncClient:
        """Return a client that speaks to a sidecar as its app does."""
        headers = {"dapr-api-token": self.dapr_token}
        return httpx.AsyncClient(base_url=sidecar.url, headers=headers, trust_env=False, timeout=10)
