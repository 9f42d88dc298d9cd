"""What a client does with its socket, against a server that follows a script."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tandem_client.engine import Engine, Ports
from tandem_client.errors import SessionEndedError, UnavailableError
from tandem_client.pace import Pace
from tandem_client.sockets import websockets_at
from tandem_client.status import Phase
from tandem_protocol.feed import Changes, SpaceChanges

USER, SPACE, EPOCH = (str(UUID(int=number, version=4)) for number in (1, 2, 3))
HURRIED = Pace(backoff=(0.01,), gap=0.01, opening=1.0, poll=0.01, stable=0.0)
Script = Callable[[ServerConnection], Awaitable[None]]


@dataclass
class Tokens:
    """Numbered tokens; the next one is asked for or due."""

    current: int = 1
    due: bool = False
    ended: bool = False

    @property
    def seconds_to_renewal(self) -> float:
        return 0.0

    async def token(self) -> str:
        if self.ended:
            raise SessionEndedError("over")
        if self.due:
            self.current, self.due = self.current + 1, False
        return f"token-{self.current}"

    async def another(self, refused: str) -> str:
        if refused == f"token-{self.current}":
            self.current += 1
        return await self.token()


@dataclass
class Feed:
    """A server with one empty space, or none that answers."""

    pulls: int = 0
    down: bool = False
    tried_again: asyncio.Event = field(default_factory=asyncio.Event)

    async def changes(self, cursor: str | None) -> Changes:
        del cursor
        self.pulls += 1
        if self.down:
            if self.pulls > 2:
                self.tried_again.set()
            raise UnavailableError("down")
        part = SpaceChanges(id=SPACE, epoch=EPOCH, head=0, through=0, reset=self.pulls == 1, tasks=[], deleted=[])
        return Changes(cursor="c", more=False, spaces=[part])

    async def write(self, edit: Any) -> Any:
        raise AssertionError(f"a test of the connection writes nothing: {edit}")

    async def find(self, task_id: str) -> Any:
        raise AssertionError(f"a test of the connection looks for no task: {task_id}")


@dataclass
class Scene:
    """An engine whose sockets meet one script after the other; the last one repeats."""

    engine: Engine
    tokens: Tokens
    feed: Feed
    bearers: list[str] = field(default_factory=list[str])

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            await self.engine.until(condition)

    async def connected(self, times: int) -> None:
        await self.until(lambda: len(self.bearers) >= times and self.engine.status.phase is Phase.LIVE)


@contextlib.asynccontextmanager
async def playing(*scripts: Script | HTTPStatus, pace: Pace = HURRIED) -> AsyncGenerator[Scene]:
    def handshake(connection: ServerConnection, request: Request) -> Response | None:
        bearer = request.headers["Sec-WebSocket-Protocol"].partition("bearer.")[2]
        scene.bearers.append(bearer)
        script = scripts[min(len(scene.bearers), len(scripts)) - 1]
        if isinstance(script, HTTPStatus):
            return connection.respond(script, "")
        plays[connection] = script
        return None

    async def play(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await plays[connection](connection)

    plays: dict[ServerConnection, Script] = {}
    tokens, feed = Tokens(), Feed()
    async with serve(play, "127.0.0.1", 0, process_request=handshake) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        opened = websockets_at(f"ws://127.0.0.1:{port}/ws/{USER}", None, trust_env=False)
        ports = Ports(user_id=USER, remote=feed, tokens=tokens, open_socket=opened, pace=pace, random=lambda: 0.5)
        scene = Scene(Engine(ports), tokens, feed)
        running = asyncio.create_task(scene.engine.run())
        try:
            yield scene
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def say(connection: ServerConnection, kind: str, **fields: Any) -> None:
    await connection.send(orjson.dumps({"type": kind, **fields}).decode())


async def hello(connection: ServerConnection, heartbeat: float = 30.0) -> None:
    fields = {"connection_id": USER, "heartbeat_interval": heartbeat, "token_expires_at": datetime.now(UTC)}
    await say(connection, "hello", protocol=1, **fields)


async def stays(connection: ServerConnection) -> None:
    await hello(connection)
    await connection.wait_closed()


def closes_with(code: int) -> Script:
    async def script(connection: ServerConnection) -> None:
        await hello(connection)
        await connection.close(code, "said so")

    return script


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 4000, 4001, 4003, 4499])
async def test_comes_back_with_the_same_token_ws10(code: int) -> None:
    async with playing(closes_with(code), stays) as scene:
        await scene.connected(2)
        assert scene.bearers == ["token-1", "token-1"]
        assert scene.feed.pulls >= 2, "CL4: each connect pulls"


async def test_expired_token_is_replaced_ws10_4002() -> None:
    async with playing(closes_with(4002), stays) as scene:
        await scene.connected(2)
        assert scene.bearers == ["token-1", "token-2"]


@pytest.mark.parametrize(("status", "bearer"), [(401, "token-2"), (503, "token-1"), (403, "token-1")])
async def test_refused_handshake_cl15(status: int, bearer: str) -> None:
    async with playing(HTTPStatus(status), stays) as scene:
        await scene.connected(2)
        assert scene.bearers == ["token-1", bearer]


@pytest.mark.parametrize("code", [4501, 4502, 4999])
async def test_stays_away_and_pulls_now_and_then_ws10(code: int) -> None:
    async with playing(closes_with(code), stays) as scene:
        await scene.until(lambda: scene.engine.status.phase is Phase.POLLING)
        assert scene.engine.status.reason == "said so"
        pulls = scene.feed.pulls
        await scene.until(lambda: scene.feed.pulls > pulls + 2)
        assert len(scene.bearers) == 1


async def test_ended_session_ends_everything_ws8_cl15() -> None:
    async with playing(closes_with(4500)) as scene:
        stream = scene.engine.stream()
        with pytest.raises(SessionEndedError):
            await scene.until(lambda: len(scene.bearers) > 1)
        assert scene.engine.status.phase is Phase.ENDED
        with pytest.raises(SessionEndedError):
            await anext(stream)


async def test_silence_for_two_heartbeats_is_death_cl12() -> None:
    async def falls_silent(connection: ServerConnection) -> None:
        await hello(connection, 0.05)
        await say(connection, "ping", timestamp=None)
        await connection.wait_closed()

    async with playing(falls_silent, stays) as scene:
        await scene.connected(2)


async def test_socket_without_a_hello_is_given_up_hs4() -> None:
    async def mute(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with playing(mute, stays, pace=Pace(backoff=(0.01,), opening=0.1)) as scene:
        await scene.connected(2)


async def test_comes_back_when_it_was_told_to_ws9() -> None:
    """A restart is no failure: the backoff, here an hour, has no say."""

    async def restarts(connection: ServerConnection) -> None:
        await hello(connection)
        await say(connection, "reconnect", after_ms=200)
        closed.append(asyncio.get_running_loop().time())
        await connection.close(1012)

    async def back(connection: ServerConnection) -> None:
        closed.append(asyncio.get_running_loop().time())
        await stays(connection)

    closed: list[float] = []
    async with playing(restarts, back, pace=Pace(backoff=(3600,))) as scene:
        await scene.connected(2)
    assert closed[1] - closed[0] >= 0.2


async def test_fresh_token_goes_over_the_open_socket_ws4() -> None:
    async def listens(connection: ServerConnection) -> None:
        await hello(connection)
        scene.tokens.due = True
        async for message in connection:
            got.append(orjson.loads(message))
            await say(connection, "token_accepted", expires_at=datetime.now(UTC))

    got: list[Any] = []
    async with playing(listens) as scene:
        await scene.until(lambda: bool(got))
        assert got == [{"type": "token", "token": "token-2"}]
        assert len(scene.bearers) == 1


async def test_unknown_and_unreadable_messages_are_ignored_ws11() -> None:
    async def babbles(connection: ServerConnection) -> None:
        await hello(connection)
        for text in ("", "null", "[]", "{", '{"type": "weather"}', '{"type": "task_update"}', '{"type": 7}'):
            await connection.send(text)
        await connection.send(b"\x00\xff")
        await say(connection, "ping", timestamp=None, later="than this client")
        await connection.wait_closed()

    async with playing(babbles) as scene:
        await scene.connected(1)
        pulls = scene.feed.pulls
        assert scene.engine.status.phase is Phase.LIVE
        assert (len(scene.bearers), scene.feed.pulls) == (1, pulls)


@pytest.mark.parametrize("heads", [{SPACE: (EPOCH, 3)}, {SPACE: (USER, 0)}, {}, {SPACE: (EPOCH, 0), USER: (EPOCH, 0)}])
async def test_heads_elsewhere_make_it_pull_cl5(heads: dict[str, tuple[str, int]]) -> None:
    async def tells(connection: ServerConnection) -> None:
        await hello(connection)
        await loaded.wait()
        named = {key: {"epoch": epoch, "head": head} for key, (epoch, head) in heads.items()}
        await say(connection, "ping", timestamp=None, heads=named)
        await connection.wait_closed()

    loaded = asyncio.Event()
    async with playing(tells) as scene:
        await scene.connected(1)
        pulls = scene.feed.pulls
        loaded.set()
        await scene.until(lambda: scene.feed.pulls > pulls)


async def test_feed_is_read_where_no_socket_can_be_opened_f12() -> None:
    async with playing(HTTPStatus.BAD_REQUEST) as scene:
        await scene.until(lambda: scene.engine.replica.loaded and len(scene.bearers) > 3)
        assert scene.feed.pulls > 1


async def test_says_that_it_catches_up_until_a_pull_is_through_cl4() -> None:
    async with playing(stays) as scene:
        scene.feed.down = True
        await asyncio.wait_for(scene.feed.tried_again.wait(), 10)
        await scene.until(lambda: scene.engine.status.phase is Phase.CATCHING_UP)
        scene.feed.down = False
        await scene.until(lambda: scene.engine.status.phase is Phase.LIVE)


def test_waits_grow_and_never_meet_cl11() -> None:
    pace = Pace()
    assert [pace.wait(failures, 0.5) for failures in range(1, 9)] == [1, 2, 4, 8, 16, 30, 30, 30]
    assert (pace.wait(1, 0.0), pace.wait(6, 1.0)) == (0.75, 37.5)
    assert pace.wait(1, 0.5, at_least=9) == 9
