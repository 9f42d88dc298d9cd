"""Sessions: access tokens, the rotating refresh token, and their end (AU3 to AU5)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import Connection

from tandem_backend.domain import refresh
from tandem_backend.domain.moments import from_ms
from tandem_backend.services.events import session_revoked
from tandem_backend.services.mutations import acting
from tandem_backend.services.refresh_tokens import RefreshToken, new_nonce, seal, unseal
from tandem_backend.services.signing_keys import Keyring
from tandem_backend.storage import outbox, sessions, users
from tandem_backend.storage.database import Database
from tandem_backend.storage.users import UserRecord
from tandem_platform.clock import Clock
from tandem_platform.problems import ProblemError
from tandem_platform.tokens import AccessClaims, sign
from tandem_protocol.accounts import Authenticated, Session, SessionList, User
from tandem_protocol.ids import RandomBytes, uuid7
from tandem_protocol.problems import ProblemCode

_ENDED: Final = "The session has ended; sign in again."


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from: the name of the device, and its network address."""

    device: str
    address: str


class SignedIn(NamedTuple):
    """The answer to a sign-in, and the refresh token that goes into the cookie."""

    authenticated: Authenticated
    refresh_token: str


class StolenTokenError(ProblemError):
    """A refresh token was shown that was used before: the session of ``user_id`` has been ended (AU4)."""

    def __init__(self, user_id: str, session_id: str) -> None:
        super().__init__(ProblemCode.SESSION_ENDED, _ENDED)
        self.user_id = user_id
        self.session_id = session_id


class Sessions:
    """Begins, refreshes and ends sessions."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        *,
        access_seconds: int,
        clock: Clock,
        random_bytes: RandomBytes,
    ) -> None:
        """Put the parts together; an access token is good for ``access_seconds``."""
        self._database = database
        self._keyring = keyring
        self._access_seconds = access_seconds
        self._clock = clock
        self._random_bytes = random_bytes

    async def begin(self, user: UserRecord, client: Client) -> SignedIn:
        """Sign a user in on a device.

        Args:
            user: As they were when their password was verified.
            client: The device.

        Raises:
            ProblemError: The password was changed since: its change ended every session, and this one would stay.
        """
        now = self._now()
        session_id = self._new_id()
        rotation = refresh.begin(new_nonce(self._random_bytes), now)

        def operation(connection: Connection) -> None:
            if not users.holds_password(connection, user.id, user.password_hash):
                raise ProblemError(ProblemCode.INVALID_CREDENTIALS, "The password was changed meanwhile.")
            sessions.add(connection, session=session_id, user=user.id, device=client.device, rotation=rotation, now=now)

        await self._database.write(operation)
        return self._signed_in(user, session_id, rotation.next)

    async def refresh(self, token: str, trace: str | None = None) -> SignedIn:
        """Exchange a refresh token (AU4).

        Args:
            token: From the cookie.
            trace: The request's ``traceparent``.

        Raises:
            StolenTokenError: The token was used before; its session has been ended.
            ProblemError: The session has ended.
        """
        shown = unseal(token, self._keyring.refresh)
        if shown is None:
            raise _ended()
        now, fresh, event_id = self._now(), new_nonce(self._random_bytes), self._new_id()

        def operation(connection: Connection) -> tuple[UserRecord, str | None] | None:
            found = sessions.rotation(connection, shown.session_id)
            user = users.by_id(connection, found[0]) if found else None
            if found is None or user is None:
                return None
            try:
                rotation = refresh.present(found[1], shown.nonce, fresh, now)
            except refresh.ReusedError:
                _end(connection, user.id, [shown.session_id], event_id, now, trace)
                return user, None
            sessions.rotate(connection, shown.session_id, rotation, now)
            return user, rotation.next

        result = await self._database.write(operation)
        if result is None:
            raise _ended()
        user, successor = result
        if successor is None:
            raise StolenTokenError(user.id, shown.session_id)
        return self._signed_in(user, shown.session_id, successor)

    async def end_by_token(self, token: str, trace: str | None = None) -> tuple[str, str] | None:
        """End the session of a refresh token, if there is one: signing out always succeeds.

        Returns:
            The user and the session that has ended.
        """
        shown = unseal(token, self._keyring.refresh)
        if shown is None:
            return None
        now, event_id = self._now(), self._new_id()

        def operation(connection: Connection) -> tuple[str, str] | None:
            found = sessions.rotation(connection, shown.session_id)
            if found is None or not _end(connection, found[0], [shown.session_id], event_id, now, trace):
                return None
            return found[0], shown.session_id

        return await self._database.write(operation)

    async def end_all(self, claims: AccessClaims, trace: str | None = None) -> list[str]:
        """End all sessions of a user, and return which they were."""
        return await self._end_chosen(claims, lambda ids: ids, trace=trace)

    async def end_others(
        self, claims: AccessClaims, also: Callable[[Connection], None], trace: str | None = None
    ) -> list[str]:
        """End all sessions but the caller's, do ``also`` in the same transaction, and return which they were."""
        return await self._end_chosen(claims, lambda ids: [i for i in ids if i != claims.session_id], also, trace)

    async def end_one(self, claims: AccessClaims, session_id: str, trace: str | None = None) -> None:
        """End one session of the caller.

        Raises:
            ProblemError: The caller has no such session.
        """
        if not await self._end_chosen(claims, lambda ids: [i for i in ids if i == session_id], trace=trace):
            raise ProblemError(ProblemCode.SESSION_NOT_FOUND, "You have no session with this id.")

    async def running(self, claims: AccessClaims) -> SessionList:
        """Return the devices on which the caller is signed in."""

        def operation(connection: Connection) -> SessionList:
            user = acting(connection, claims).user_id
            return SessionList(
                sessions=[
                    Session(
                        id=session.id,
                        device=session.device,
                        created_at=from_ms(session.created_at),
                        last_used_at=from_ms(session.last_used_at),
                        current=session.id == claims.session_id,
                    )
                    for session in sessions.running(connection, user)
                ]
            )

        return await self._database.read(operation)

    async def _end_chosen(
        self,
        claims: AccessClaims,
        choose: Callable[[list[str]], Collection[str]],
        also: Callable[[Connection], None] | None = None,
        trace: str | None = None,
    ) -> list[str]:
        now, event_id = self._now(), self._new_id()

        def operation(connection: Connection) -> list[str]:
            user = acting(connection, claims).user_id
            if also is not None:
                also(connection)
            running = [session.id for session in sessions.running(connection, user)]
            return _end(connection, user, choose(running), event_id, now, trace)

        return await self._database.write(operation)

    def _signed_in(self, user: UserRecord, session_id: str, nonce: str) -> SignedIn:
        keyring, issued_at = self._keyring, self._clock.now()
        access_token = sign(
            AccessClaims(user.id, session_id, issued_at + self._access_seconds),
            issued_at=issued_at,
            token_id=self._new_id(),
            kid=keyring.kid,
            private_key=keyring.signing,
        )
        authenticated = Authenticated(
            user=User(id=user.id, email=user.email, name=user.name),
            session_id=session_id,
            access_token=access_token,
            expires_in=self._access_seconds,
        )
        return SignedIn(authenticated, seal(RefreshToken(session_id, nonce), keyring.refresh))

    def _now(self) -> int:
        return int(self._clock.now() * 1000)

    def _new_id(self) -> str:
        return uuid7(self._now(), self._random_bytes)


def end_all_of(connection: Connection, user: str, *, event_id: str, now: int) -> list[str]:
    """End every session of a user, and return which they were."""
    return _end(connection, user, [session.id for session in sessions.running(connection, user)], event_id, now)


def _end(
    connection: Connection, user: str, ids: Collection[str], event_id: str, now: int, trace: str | None = None
) -> list[str]:
    """End sessions and tell the websocket service (EV7)."""
    ended = sessions.end(connection, user, ids, now)
    if ended:
        event = session_revoked(event_id=event_id, user_id=user, sessions=ended, now=now, trace=trace)
        outbox.add(connection, event)
    return ended


def _ended() -> ProblemError:
    return ProblemError(ProblemCode.SESSION_ENDED, _ENDED)
