"""Keeps a socket open (CL4, CL11, CL12, CL15)."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

from tandem_client.ending import end
from tandem_client.errors import RefusedError, SessionEndedError, TandemError, retry_after
from tandem_client.messages import parse_message
from tandem_client.pace import Pace
from tandem_client.renewal import Tokens, keep_renewed
from tandem_client.sockets import OpenSocket, Socket, SocketClosed
from tandem_client.status import Phase
from tandem_client.timing import Pause
from tandem_protocol.close_codes import CloseCode
from tandem_protocol.messages import Hello, Reconnect, ServerMessage

_FINAL: Final = range(4500, 5000)
_LOST: Final = "the connection was lost"


class Listener(Protocol):
    """Hears of the connection."""

    def opened(self) -> None:
        """The server has said hello (HS4)."""
        ...

    def failed(self) -> None:
        """A try came to nothing, or a poll is due: the feed may still answer."""
        ...

    def heard(self, message: ServerMessage) -> None:
        """A message came."""
        ...

    def phase_changed(self, phase: Phase, reason: str) -> None:
        """The connection is somewhere else."""
        ...


@dataclass(frozen=True, slots=True)
class _End:
    """How a try ended; ``after`` is when to come back, if the server said so (WS9)."""

    reason: str
    code: int | None = None
    after: float | None = None
    at_least: float = 0.0
    stale_token: bool = False
    was_good: bool = False


class Connection:
    """Opens a socket, follows it, and comes back after every end that is not final (WS10)."""

    def __init__(
        self, tokens: Tokens, open_socket: OpenSocket, pace: Pace, random: Callable[[], float], listener: Listener
    ) -> None:
        """Create it."""
        self._tokens = tokens
        self._open_socket = open_socket
        self._pace = pace
        self._random = random
        self._listener = listener
        self._pause = Pause()
        self._failures = 0
        self._refused_token: str | None = None

    def kick(self) -> None:
        """Try at once, if it is waiting."""
        self._failures = 0
        self._pause.end()

    async def run(self) -> None:
        """Keep a socket open for ever.

        Raises:
            SessionEndedError: The session is over.
        """
        while True:
            self._listener.phase_changed(Phase.CONNECTING, "")
            end = await self._once()
            if end.code == CloseCode.SESSION_ENDED:
                raise SessionEndedError(end.reason)
            if end.code in _FINAL:
                await self._poll(end.reason)
            self._listener.phase_changed(Phase.WAITING, end.reason)
            await self._wait(end)

    async def _wait(self, end: _End) -> None:
        if end.after is not None:
            # The server goes down and will be back: no failure.
            self._failures = 0
            await self._pause.wait(end.after)
            return
        self._failures = 1 if end.was_good else self._failures + 1
        self._listener.failed()
        await self._pause.wait(self._pace.wait(self._failures, self._random(), end.at_least))

    async def _poll(self, reason: str) -> None:
        self._listener.phase_changed(Phase.POLLING, reason)
        while True:
            self._listener.failed()
            await asyncio.sleep(self._pace.poll)

    async def _once(self) -> _End:
        token = ""
        try:
            # Getting a token counts as well: a server that hangs must not hold the client up.
            async with asyncio.timeout(self._pace.opening) as opening:
                token = await self._token()
                async with self._open_socket(token) as socket:
                    hello = await _hello(socket)
                    opening.reschedule(None)
                    return await self._follow(socket, token, 2 * hello.heartbeat_interval)
        except SocketClosed as closed:
            return _End(closed.reason or f"closed with {closed.code}", closed.code)
        except TimeoutError:
            return _End("the server does not answer")
        except SessionEndedError:
            raise
        except TandemError as error:
            stale = isinstance(error, RefusedError) and error.status == HTTPStatus.UNAUTHORIZED
            self._refused_token = token if stale else None
            return _End(str(error), at_least=retry_after(error))

    async def _token(self) -> str:
        refused, self._refused_token = self._refused_token, None
        return await self._tokens.token() if refused is None else await self._tokens.another(refused)

    async def _follow(self, socket: Socket, token: str, silence: float) -> _End:
        self._listener.phase_changed(Phase.CATCHING_UP, "")
        self._listener.opened()
        opened = asyncio.get_running_loop().time()
        after: float | None = None
        async with _beside(keep_renewed(socket, self._tokens, token, self._pace, self._random)):
            try:
                while True:
                    async with asyncio.timeout(silence):
                        text = await socket.receive()
                    message = parse_message(text)
                    if isinstance(message, Reconnect):
                        after = message.after_ms / 1000
                    elif message is not None:
                        self._listener.heard(message)
            except SocketClosed as closed:
                code, reason = closed.code, closed.reason or _LOST
            except TimeoutError:
                code, reason = None, "the server was silent"
        if code == CloseCode.TOKEN_EXPIRED:
            self._refused_token = token
        was_good = asyncio.get_running_loop().time() - opened >= self._pace.stable
        return _End(reason, code, after, was_good=was_good)


async def _hello(socket: Socket) -> Hello:
    while True:
        message = parse_message(await socket.receive())
        if isinstance(message, Hello):
            return message


@asynccontextmanager
async def _beside(work: Coroutine[None, None, None]) -> AsyncGenerator[None]:
    """Run something beside the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        await end(task)
