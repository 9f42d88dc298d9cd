"""The settings of the websocket service."""

from typing import Final, Literal

from pydantic import Field, SecretStr

from tandem_platform.bus_settings import BusSettings
from tandem_platform.observability_settings import ObservabilitySettings
from tandem_platform.serving_settings import ServingSettings
from tandem_platform.settings import CommaList
from tandem_protocol.limits import INBOUND_FRAME_MAX

_MIB: Final = 1024 * 1024


class SocketSettings(ObservabilitySettings):
    """What the sockets need, wherever they run; a field's alias is its environment variable."""

    heartbeat_interval: float = Field(
        30.0, gt=0, le=3600, alias="HEARTBEAT_INTERVAL", description="Seconds between two pings of a socket"
    )
    max_connections_per_user: int = Field(
        100,
        ge=1,
        alias="TANDEM_MAX_CONNECTIONS_PER_USER",
        description="Sockets that a user may have open; 5 is recommended on the open internet",
    )
    max_messages_per_minute: int = Field(
        100,
        ge=1,
        alias="TANDEM_MAX_MESSAGES_PER_MINUTE",
        description="Messages that a user may send in a minute, over all sockets together",
    )
    max_frame_bytes: int = Field(
        INBOUND_FRAME_MAX,
        ge=1024,
        alias="TANDEM_MAX_FRAME_BYTES",
        description="Bytes of one message that a client may send",
    )
    send_buffer_bytes: int = Field(
        _MIB,
        ge=1024,
        alias="TANDEM_SEND_BUFFER_BYTES",
        description="Bytes that may wait for a slow client before its socket is closed",
    )
    allowed_origins: CommaList = Field(
        (),
        alias="TANDEM_ALLOWED_ORIGINS",
        description="Origins of pages that may connect, separated by commas; empty: only the service's own",
    )
    operator_token: SecretStr = Field(
        SecretStr(""),
        alias="TANDEM_OPERATOR_TOKEN",
        description="Bearer token that shows connections_per_user in /status; empty: nobody sees it",
    )
    drain_spread: float = Field(
        5.0,
        ge=0,
        le=3600,
        alias="TANDEM_DRAIN_SPREAD",
        description="Seconds over which clients are told to come back when the service goes down",
    )
    audit_deliveries: Literal["sum", "each"] = Field(
        "sum",
        alias="TANDEM_AUDIT_DELIVERIES",
        description="`sum` writes one audit line a minute about all deliveries, `each` one for every event",
    )


class WebSocketSettings(SocketSettings, BusSettings, ServingSettings):
    """What a websocket service with a process of its own reads besides."""

    audit_log: str = Field(
        "-",
        alias="TANDEM_AUDIT_LOG",
        description="Where audit lines go: a file, `-` for stdout, or empty for nowhere",
    )
    host: str = Field(
        "0.0.0.0",  # noqa: S104 - browsers of other machines connect to it
        alias="HOST",
        description="Address on which the websocket service listens",
    )
    port: int = Field(8005, ge=0, le=65535, alias="PORT", description="Port of the websocket service")
    backend_url: str = Field(
        "http://127.0.0.1:8000",
        alias="TANDEM_BACKEND_URL",
        description="The backend, asked for its public keys and for heads; by the sidecar where the bus is `dapr`",
    )
