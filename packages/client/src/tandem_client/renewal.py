"""Gives an open socket a fresh token before the one that it has ends (WS4)."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from tandem_client.errors import SessionEndedError, TandemError, retry_after
from tandem_client.pace import Pace
from tandem_client.sockets import Socket, SocketClosed
from tandem_protocol.messages import ClientToken

_SOONEST = 1.0
"""A token that is over when it comes must not make a loop."""


class Tokens(Protocol):
    """Where access tokens come from; see `tandem_client.session.Session`."""

    @property
    def seconds_to_renewal(self) -> float:
        """Return in how many seconds the token is to be replaced."""
        ...

    async def token(self) -> str:
        """Return a token that should still be good."""
        ...

    async def another(self, refused: str) -> str:
        """Return another token than one that the server refused."""
        ...


async def keep_renewed(socket: Socket, tokens: Tokens, sent: str, pace: Pace, random: Callable[[], float]) -> None:
    """Send each new token over a socket, until that is closed or the session is over.

    Args:
        socket: It was opened with ``sent``.
        tokens: Where tokens come from.
        sent: The token that the socket has.
        pace: How long to wait after failures.
        random: From 0 to 1.
    """
    failures = 0
    while True:
        try:
            token = await tokens.token()
            if token != sent:
                await socket.send(ClientToken(type="token", token=token).model_dump_json())
                sent = token
        except (SocketClosed, SessionEndedError):
            # Whoever reads the socket hears of it.
            return
        except TandemError as error:
            failures += 1
            await asyncio.sleep(pace.wait(failures, random(), retry_after(error)))
        else:
            failures = 0
            await asyncio.sleep(max(tokens.seconds_to_renewal, _SOONEST))
