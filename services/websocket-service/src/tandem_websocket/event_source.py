"""Where a websocket service has its events from."""

from dataclasses import dataclass, field

from pydantic import SecretStr

from tandem_platform.event_signatures import EventKeys
from tandem_websocket.canary import EventPath


@dataclass(frozen=True, slots=True)
class EventSource:
    """What events have to show, and how their way is proven.

    ``sidecar_token`` comes with each delivery by HTTP (empty: only this machine is heard); ``keys`` verify signatures
    (None: events do not pass a broker); ``path`` is tried with canaries (None: it is a function call).
    """

    sidecar_token: SecretStr = field(default_factory=lambda: SecretStr(""))
    keys: EventKeys | None = None
    path: EventPath | None = None
