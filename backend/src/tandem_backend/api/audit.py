"""Audit lines about accounts and sessions (AL1)."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Final

from fastapi import Depends, Request

from tandem_backend.api.authentication import Caller
from tandem_backend.api.context import InContext
from tandem_backend.services.accounts import account_key
from tandem_backend.services.sessions import Client, SignedIn, StolenTokenError
from tandem_platform.audit import AuditLog, Value
from tandem_platform.problems import ProblemError
from tandem_platform.request_trace import request_trace
from tandem_platform.tokens import AccessClaims

_ACCOUNT_DIGITS: Final = 16


class RequestAudit:
    """Writes what one request did, with where it came from."""

    def __init__(self, audit: AuditLog, request: Request, client: Client) -> None:
        """Create it for a request of ``client``."""
        self._audit = audit
        self._headers = request.headers
        self._client = client
        self.trace = request_trace(request)
        """The request's ``traceparent``."""

    def write(self, event: str, *, user: str | None = None, session: str | None = None, **more: Value) -> None:
        """Write a line; values that are None are left out."""
        self._audit.write(
            event,
            trace=self.trace,
            user=user,
            session=session,
            address=self._client.address,
            device=self._client.device,
            user_agent=self._headers.get("user-agent"),
            origin=self._headers.get("origin"),
            **more,
        )

    def signed_in(self, event: str, signed_in: SignedIn) -> None:
        """Write that a session has begun."""
        answer = signed_in.authenticated
        self.write(event, user=answer.user.id, session=answer.session_id)

    @contextmanager
    def refusals(self, event: str, *, claims: AccessClaims | None = None, email: str | None = None) -> Generator[None]:
        """Write the refusals of what is done meanwhile.

        Args:
            event: What a refusal is called.
            claims: Who asks, if that is known.
            email: As which account. Only its hash is written: people type passwords into that field.
        """
        try:
            yield
        except StolenTokenError as theft:
            self.write("refresh_token_reused", user=theft.user_id, session=theft.session_id)
            raise
        except ProblemError as refusal:
            self.write(
                event,
                user=claims.user_id if claims else None,
                session=claims.session_id if claims else None,
                account=account_key(email).partition(":")[2][:_ACCOUNT_DIGITS] if email else None,
                reason=refusal.code.value,
            )
            raise


async def _of_request(request: Request, context: InContext, caller: Caller) -> RequestAudit:
    return RequestAudit(context.audit, request, caller)


Audit = Annotated[RequestAudit, Depends(_of_request)]
"""The audit log, for a route."""
