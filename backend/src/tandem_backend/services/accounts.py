"""Accounts: registering, passwords, profile."""

import hashlib
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Final

from sqlalchemy import Connection

from tandem_backend.services.mutations import acting
from tandem_backend.services.passwords import Passwords
from tandem_backend.services.sessions import Client, Sessions, SignedIn
from tandem_backend.storage import spaces, throttle, users
from tandem_backend.storage.database import Database
from tandem_backend.storage.users import UserRecord
from tandem_platform.clock import Clock
from tandem_platform.problems import ProblemError
from tandem_platform.rate_limit import Rate, check
from tandem_platform.tokens import AccessClaims
from tandem_protocol.accounts import Login, PasswordChange, Register, User
from tandem_protocol.ids import RandomBytes, uuid7
from tandem_protocol.problems import ProblemCode

_PERIOD: Final = 15 * 60.0
_IPV6: Final = 6


@dataclass(frozen=True, slots=True)
class TryLimits:
    """How often passwords may be tried in 15 minutes (AU2)."""

    per_account: int
    per_network: int


class Accounts:
    """What can be done with an account."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        sessions: Sessions,
        *,
        limits: TryLimits,
        clock: Clock,
        random_bytes: RandomBytes,
    ) -> None:
        """Put the parts together."""
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._limits = limits
        self._clock = clock
        self._random_bytes = random_bytes

    async def register(self, body: Register, client: Client) -> SignedIn:
        """Make an account with its spaces and sign it in.

        Raises:
            ProblemError: The address is taken, or too many accounts were made from this network.
        """
        await self._take_try(self._network(client))
        password_hash = await self._passwords.hash(body.password)
        now = self._now()
        name = body.name or body.email.split("@", 1)[0][:100]
        user = UserRecord(self._new_id(), body.email, name, password_hash, self._new_id())
        private, epochs = self._new_id(), (self._new_id(), self._new_id())

        def operation(connection: Connection) -> None:
            if users.by_email(connection, user.email) is not None:
                raise ProblemError(ProblemCode.EMAIL_TAKEN, "There is an account with that address. Sign in instead.")
            users.add(connection, user, now)
            spaces.add(connection, space=user.inbox_id, kind="list", owner=user.id, epoch=epochs[0])
            spaces.add(connection, space=private, kind="private", owner=user.id, epoch=epochs[1])

        await self._database.write(operation)
        return await self._sessions.begin(user, client)

    async def login(self, body: Login, client: Client) -> SignedIn:
        """Sign in.

        Raises:
            ProblemError: The address or the password is wrong, which one is not said; or too many tries.
        """
        account = account_key(body.email)
        await self._take_try(account, self._network(client))
        user = await self._database.read(lambda connection: users.by_email(connection, body.email))
        if not await self._passwords.verify(user.password_hash if user else None, body.password) or user is None:
            raise ProblemError(ProblemCode.INVALID_CREDENTIALS, "The email address or the password is wrong.")
        if self._passwords.outdated(user.password_hash):
            user = await self._renew_hash(user, body.password)
        signed_in = await self._sessions.begin(user, client)
        await self._database.write(lambda connection: throttle.clear(connection, account))
        return signed_in

    async def _renew_hash(self, user: UserRecord, password: str) -> UserRecord:
        fresh = await self._passwords.hash(password)
        replace = partial(users.replace_password, user=user.id, known=user.password_hash, password_hash=fresh)
        return user._replace(password_hash=fresh) if await self._database.write(replace) else user

    async def change_password(self, claims: AccessClaims, body: PasswordChange, trace: str | None = None) -> list[str]:
        """Replace the password, end every other session (AU5), and return which they were.

        Raises:
            ProblemError: The present password is wrong, or it was tried too often.
        """
        user = await self._database.read(lambda connection: _record(connection, claims))
        await self._take_try(account_key(user.email))
        if not await self._passwords.verify(user.password_hash, body.current_password):
            raise ProblemError(ProblemCode.INVALID_CREDENTIALS, "The present password is wrong.")
        fresh = await self._passwords.hash(body.new_password)

        def replace(connection: Connection) -> None:
            if not users.replace_password(connection, user.id, user.password_hash, fresh):
                raise ProblemError(ProblemCode.INVALID_CREDENTIALS, "The password was changed meanwhile.")

        return await self._sessions.end_others(claims, also=replace, trace=trace)

    async def profile(self, claims: AccessClaims) -> User:
        """Return the account that is signed in."""
        return _public(await self._database.read(lambda connection: _record(connection, claims)))

    async def rename(self, claims: AccessClaims, name: str) -> User:
        """Change the name that others see."""

        def operation(connection: Connection) -> User:
            user = _record(connection, claims)
            users.rename(connection, user.id, name)
            return _public(user._replace(name=name))

        return await self._database.write(operation)

    async def _take_try(self, *keys: tuple[str, int] | str) -> None:
        """Count a try under each key; a refusal names the longest wait (AU2)."""
        now = self._clock.now()

        def operation(connection: Connection) -> float:
            longest = 0.0
            states: dict[str, float] = {}
            for entry in keys:
                key, burst = entry if isinstance(entry, tuple) else (entry, self._limits.per_account)
                verdict = check(Rate(burst, _PERIOD), throttle.arrival(connection, key), now)
                states[key] = verdict.state
                longest = max(longest, verdict.retry_after)
            if longest == 0.0:
                for key, state in states.items():
                    throttle.keep(connection, key, state)
            return longest

        wait = await self._database.write(operation)
        if wait > 0.0:
            seconds = int(wait) + 1
            raise ProblemError(
                ProblemCode.TOO_MANY_TRIES,
                f"Try again in {seconds} seconds.",
                headers={"retry-after": str(seconds)},
            )

    def _network(self, client: Client) -> tuple[str, int]:
        return f"network:{_network_of(client.address)}", self._limits.per_network

    def _now(self) -> int:
        return int(self._clock.now() * 1000)

    def _new_id(self) -> str:
        return uuid7(self._now(), self._random_bytes)


def _network_of(address: str) -> str:
    """Return what counts as one network: an IPv4 address, or the /64 that one IPv6 subscriber has at least."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "unknown"
    mapped = ip.ipv4_mapped if ip.version == _IPV6 else None
    if mapped is not None:
        return str(mapped)
    return str(ip_network((ip, 64), strict=False)) if ip.version == _IPV6 else str(ip)


def account_key(email: str) -> str:
    """Return the key of the limit on tries for an account."""
    # A hash: a table of tried addresses would be a table of typing mistakes, passwords among them.
    return "account:" + hashlib.sha256(email.encode("utf-8", "surrogatepass")).hexdigest()


def _record(connection: Connection, claims: AccessClaims) -> UserRecord:
    user = users.by_id(connection, acting(connection, claims).user_id)
    if user is None:
        raise ProblemError(ProblemCode.SESSION_ENDED, "The account is gone.")
    return user


def _public(user: UserRecord) -> User:
    return User(id=user.id, email=user.email, name=user.name)
