"""A signed-in session: access tokens that are renewed before they end."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel, ValidationError

from tandem_client.errors import RefusedError, SessionEndedError, UnavailableError
from tandem_client.http import Http
from tandem_protocol.accounts import Authenticated
from tandem_protocol.problems import ProblemCode

_MARGIN_SECONDS: Final = 60.0


async def enter(http: Http, path: str, body: BaseModel | None) -> Authenticated:
    """Sign in, make an account, or renew a session.

    Raises:
        UnavailableError: There was no answer, or none that can be read.
        RefusedError: The server refused.
    """
    content = await http.call("POST", f"/api/auth/{path}", body=body)
    try:
        return Authenticated.model_validate_json(content)
    except ValidationError as error:
        raise UnavailableError("the answer cannot be read") from error


class Session:
    """The session of this client. The refresh cookie is in the HTTP client's jar (AU4), the token in memory only."""

    def __init__(self, http: Http, authenticated: Authenticated, monotonic: Callable[[], float]) -> None:
        """Create it.

        Args:
            http: The way to the server; holds the cookie.
            authenticated: The answer to a sign-in.
            monotonic: Seconds of a clock that does not go back.
        """
        self.user = authenticated.user
        self.id = authenticated.session_id
        self._http = http
        self._monotonic = monotonic
        self._refreshing = asyncio.Lock()
        self._ended = False
        self._token, self._renew_at = self._take(authenticated)

    @property
    def seconds_to_renewal(self) -> float:
        """Return in how many seconds the token is to be replaced; counted from here, as clocks may differ."""
        return max(0.0, self._renew_at - self._monotonic())

    async def token(self) -> str:
        """Return a token that should still be good.

        Raises:
            SessionEndedError: There is no session any more.
            UnavailableError: It could not be renewed now.
            RefusedError: It could not be renewed now.
        """
        return await self._renewed(self._token) if self.seconds_to_renewal == 0 else self._current()

    async def another(self, refused: str) -> str:
        """Return another token than one that the server refused; raises as `token` does."""
        return await self._renewed(refused)

    def end(self) -> None:
        """Note that the server ended it (WS8)."""
        self._ended = True

    async def close(self) -> None:
        """Sign out, if the server can be told."""
        if not self._ended:
            await self._http.call("POST", "/api/auth/logout")

    def _current(self) -> str:
        if self._ended:
            raise SessionEndedError("the session has ended")
        return self._token

    async def _renewed(self, old: str) -> str:
        async with self._refreshing:
            # All who ask at once share one request.
            if self._token == old and not self._ended:
                await self._refresh()
            return self._current()

    async def _refresh(self) -> None:
        try:
            authenticated = await enter(self._http, "refresh", None)
        except RefusedError as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
            self._ended = True
            raise SessionEndedError(error.detail) from error
        self._token, self._renew_at = self._take(authenticated)

    def _take(self, authenticated: Authenticated) -> tuple[str, float]:
        # A minute before its end, or after two thirds of its life, whichever is later.
        life = float(authenticated.expires_in)
        return authenticated.access_token, self._monotonic() + max(life - _MARGIN_SECONDS, life * 2 / 3)


def is_about_the_token(error: RefusedError) -> bool:
    """Return whether another token may help; a wrong password is a 401 as well."""
    return error.status == HTTPStatus.UNAUTHORIZED and error.code != ProblemCode.INVALID_CREDENTIALS
