"""Settings of the backend."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr

from tandem_platform.bus_settings import BusSettings
from tandem_platform.observability_settings import ObservabilitySettings
from tandem_platform.serving_settings import ServingSettings
from tandem_platform.settings import CommaList
from tandem_platform.tokens import ACCESS_SECONDS_MAX


class BackendSettings(ObservabilitySettings, ServingSettings):
    """What the backend reads from the environment, wherever it runs."""

    host: str = Field("127.0.0.1", alias="HOST", description="Address to listen on")
    port: int = Field(8000, alias="PORT", ge=0, le=65535, description="Port to listen on")
    data_dir: Path = Field(Path("data"), alias="TANDEM_DATA_DIR", description="Folder of the database and the keys")
    database_url: SecretStr = Field(
        SecretStr(""),
        alias="DATABASE_URL",
        description="`postgresql://user:password@host/database`; without it SQLite in the data folder",
    )
    keys_dir: Annotated[Path | None, BeforeValidator(lambda value: value or None)] = Field(
        None,
        alias="TANDEM_KEYS_DIR",
        description="Folder of the keys, the same for all backends of a database; without it `keys` in the data folder",
    )
    allowed_origins: CommaList = Field(
        (),
        alias="TANDEM_ALLOWED_ORIGINS",
        description="Origins of pages elsewhere, of the same site, that may use this server",
    )
    hsts_seconds: int = Field(
        0,
        ge=0,
        alias="TANDEM_HSTS_SECONDS",
        description="Seconds for which browsers shall use https alone for the host name, on each port; 0 says nothing",
    )
    registration: Literal["open", "closed"] = Field(
        "open",
        alias="TANDEM_REGISTRATION",
        description="Whether anybody who reaches the server may make an account",
    )
    access_token_seconds: int = Field(
        900,
        alias="TANDEM_ACCESS_TOKEN_SECONDS",
        ge=5,
        le=ACCESS_SECONDS_MAX,
        description="How long an access token is good",
    )
    session_days: int = Field(
        60,
        alias="TANDEM_SESSION_DAYS",
        ge=1,
        le=400,
        description="Days without use after which a session ends",
    )
    tries_per_account: int = Field(
        10, alias="TANDEM_TRIES_PER_ACCOUNT", ge=1, description="Password tries for an account in 15 minutes"
    )
    tries_per_network: int = Field(
        100,
        alias="TANDEM_TRIES_PER_NETWORK",
        ge=1,
        description="Password tries from an address in 15 minutes",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", alias="TANDEM_LOG_LEVEL", description="The lowest level that is logged"
    )

    @property
    def keys_folder(self) -> Path:
        """Where the keys are."""
        return self.keys_dir or self.data_dir / "keys"


class StandaloneBackendSettings(BackendSettings, BusSettings):
    """What a backend with a process of its own reads besides."""

    websocket_service_url: str = Field(
        "http://127.0.0.1:8005",
        alias="TANDEM_WEBSOCKET_SERVICE_URL",
        description="Where a backend whose bus is `http` posts events",
    )
