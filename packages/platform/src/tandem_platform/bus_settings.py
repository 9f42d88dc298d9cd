"""Settings that backend and websocket service share when each has a process of its own: how events travel."""

from typing import Literal

from pydantic import Field, SecretStr

from tandem_platform.bus import TASK_UPDATES
from tandem_platform.settings import Settings

_EMPTY = SecretStr("")


class BusSettings(Settings):
    """The way from the backend to the websocket services, and what each shows the other."""

    bus: Literal["http", "dapr"] = Field(
        "http",
        alias="TANDEM_BUS",
        description="How events travel: `http` posts them to one websocket service, `dapr` goes by Dapr sidecars",
    )
    dapr_http_port: int = Field(
        3500, ge=1, le=65535, alias="DAPR_HTTP_PORT", description="HTTP port of the program's own Dapr sidecar"
    )
    dapr_api_token: SecretStr = Field(
        _EMPTY, alias="DAPR_API_TOKEN", description="What the program shows its sidecar in `dapr-api-token`"
    )
    app_api_token: SecretStr = Field(
        _EMPTY,
        alias="APP_API_TOKEN",
        description="What the sidecar shows in `dapr-api-token`; empty: only this machine may send events",
    )
    pubsub_name: str = Field("taskpubsub", alias="DAPR_PUBSUB_NAME", description="Name of the Dapr pub/sub component")
    topic: str = Field(TASK_UPDATES, alias="DAPR_TOPIC", description="Topic of the task events")
    event_keys: SecretStr = Field(
        _EMPTY,
        alias="TANDEM_EVENT_KEYS",
        description="Keys of the events' signatures, `name:secret` with commas between; the first signs, all verify",
    )
    internal_token: SecretStr = Field(
        _EMPTY,
        alias="TANDEM_INTERNAL_TOKEN",
        description="Shared by backend and websocket service; without it the backend answers no heads",
    )
