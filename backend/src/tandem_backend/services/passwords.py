"""Passwords: Argon2id (RFC 9106) in threads, a few at a time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from tandem_platform.problems import ProblemError
from tandem_protocol.problems import ProblemCode

_AT_ONCE: Final = 2
"""Hashes computed at the same time: each takes 64 MiB and a processor for some 50 ms."""

_WAITING_MAX: Final = 64
"""More than that would wait for longer than a browser does."""

_PATIENCE_SECONDS: Final = 3.0
"""Who has waited for longer gives up soon and tries again: on a slow machine all the work would be for people who are
gone."""


class Passwords:
    """Hashes and checks passwords, off the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None, patience: float = _PATIENCE_SECONDS) -> None:
        """Create it.

        Args:
            hasher: By default one with the second recommended parameters of RFC 9106.
            patience: Seconds for which anybody waits for his turn.
        """
        self._hasher = hasher or PasswordHasher()
        self._patience = patience
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        """Return the encoded hash of a new password.

        Raises:
            ProblemError: Too many others wait, or it took too long to get a turn (AU7).
        """
        async with self._slot():
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Return whether the password is right.

        Args:
            encoded: The stored hash; None when there is no such account, which takes the same work (AU1).
            password: What was typed.

        Raises:
            ProblemError: Too many others wait, or it took too long to get a turn (AU7).
        """
        async with self._slot():
            if self._dummy is None:
                self._dummy = await asyncio.to_thread(self._hasher.hash, "no account has this password")
            right = await asyncio.to_thread(self._check, encoded or self._dummy, password)
        return right and encoded is not None

    def outdated(self, encoded: str) -> bool:
        """Return whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(encoded)

    @asynccontextmanager
    async def _slot(self) -> AsyncGenerator[None]:
        await self._turn()
        try:
            yield
        finally:
            self._slots.release()

    async def _turn(self) -> None:
        busy = ProblemError(
            ProblemCode.UNAVAILABLE, "Too many people sign in at this moment.", headers={"retry-after": "5"}
        )
        if self._waiting >= _WAITING_MAX:
            raise busy
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._slots.acquire()
        except TimeoutError:
            raise busy from None
        finally:
            self._waiting -= 1

    def _check(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False
