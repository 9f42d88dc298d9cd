"""What the routes need, and how they reach it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from tandem_backend.services.accounts import Accounts
from tandem_backend.services.sessions import Sessions
from tandem_backend.services.signing_keys import Keyring
from tandem_backend.settings import BackendSettings
from tandem_backend.storage.database import Database
from tandem_platform.audit import AuditLog
from tandem_platform.bus import EventBus
from tandem_platform.clock import Clock
from tandem_platform.tokens import TokenVerifier
from tandem_platform.tracing import Tracing
from tandem_protocol.ids import RandomBytes, uuid7


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of a running backend. An app carries it as ``app.state.backend``.

    ``random_for_ids`` is for the event loop alone; ``internal_token`` is what the websocket service shows, empty when
    none is expected.
    """

    settings: BackendSettings
    database: Database
    accounts: Accounts
    sessions: Sessions
    verifier: TokenVerifier
    keyring: Keyring
    clock: Clock
    random_for_ids: RandomBytes
    internal_token: str
    bus: EventBus
    audit: AuditLog
    tracing: Tracing
    versions: Mapping[str, str]

    def now(self) -> int:
        """Return milliseconds since 1970."""
        return int(self.clock.now() * 1000)

    def new_id(self) -> str:
        """Return a fresh id."""
        return uuid7(self.now(), self.random_for_ids)


async def _context(request: Request) -> Context:
    context: Context = request.app.state.backend
    return context


InContext = Annotated[Context, Depends(_context)]
