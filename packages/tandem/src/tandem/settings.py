"""Settings of the one-process Tandem: those of its parts, and where the built frontend is."""

from pathlib import Path

from pydantic import Field

from tandem_backend.settings import BackendSettings
from tandem_websocket.settings import SocketSettings


class EmbeddedSettings(BackendSettings, SocketSettings):
    """What `tandem serve` reads from the environment."""

    frontend_dir: Path | None = Field(
        None,
        alias="TANDEM_FRONTEND_DIR",
        description="Folder of the built frontend; without it the one that came with the program",
    )
