"""The parts that need no network: pure checks, limits, memories, batches, frames."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tandem_platform.jwks import KeysUnavailableError
from tandem_platform.rate_limit import Rate
from tandem_platform.tokens import InvalidTokenError, TokenVerifier
from tandem_protocol import strategies
from tandem_protocol.close_codes import CloseCode
from tandem_protocol.events import TaskEvent
from tandem_protocol.heads import HeadsReply, HeadsRequest
from tandem_protocol.messages import ServerMessage
from tandem_testing.sockets import TokenMint
from tandem_websocket.authentication import Authenticator
from tandem_websocket.backend_client import BackendClient, BackendUnavailableError
from tandem_websocket.broadcaster import Broadcaster
from tandem_websocket.frames import PONG, Frame, encode_ping, encode_task_update
from tandem_websocket.handshake import choose_subprotocol, find_token
from tandem_websocket.heartbeat import batches
from tandem_websocket.message_limits import MessageLimits
from tandem_websocket.metrics import Metrics
from tandem_websocket.peer import Peer
from tandem_websocket.revocations import Revocations
from tandem_websocket.settings import WebSocketSettings
from tandem_websocket.upkeep import KeyKeeper


@dataclass(eq=False)
class FakeConnection:
    user_id: str
    session_id: str = "s"
    expires_at: float = 1000.0
    takes: bool = True
    id: str = field(default_factory=lambda: str(uuid4()))
    pings_unanswered: int = 0
    peer: Peer = field(default_factory=Peer)
    sent: list[Frame] = field(default_factory=list[Frame])
    closed: list[CloseCode] = field(default_factory=list[CloseCode])

    def send(self, frame: Frame) -> bool:
        self.sent.append(frame)
        return self.takes

    def close(self, code: CloseCode) -> None:
        self.closed.append(code)

    def abort(self) -> None:
        raise AssertionError


def broadcaster(limit: int = 100) -> Broadcaster:
    return Broadcaster(max_connections_per_user=limit, metrics=Metrics())


def test_the_token_is_found_in_either_place_hs1() -> None:
    assert find_token(None, []) is None
    assert find_token("", ["tandem.v1", "bearer."]) is None
    assert find_token("query", ["tandem.v1"]) == "query"
    assert find_token("query", ["tandem.v1", "bearer.a.b.c"]) == "a.b.c"


def test_the_subprotocol_with_the_token_is_never_repeated_hs1() -> None:
    assert choose_subprotocol(["bearer.x", "tandem.v1"]) == "tandem.v1"
    assert choose_subprotocol(["bearer.x", "other"]) is None


def test_a_full_connection_is_closed_and_the_others_get_everything_ws7() -> None:
    caster = broadcaster()
    slow, quick = FakeConnection("ada", takes=False), FakeConnection("ada")
    assert caster.add(slow)
    assert caster.add(quick)
    assert caster.deliver(PONG, ["ada", "bob"]) == 2
    assert caster.deliver(PONG, ["ada"]) == 1
    assert (slow.closed, len(slow.sent)) == ([CloseCode.SLOW_CONSUMER], 1)
    assert (quick.closed, len(quick.sent)) == ([], 2)
    assert caster.connections_per_user() == {"ada": 1}


def test_the_same_frame_goes_to_all_ws1() -> None:
    caster = broadcaster()
    connections = [FakeConnection("ada") for _ in range(3)]
    for connection in connections:
        caster.add(connection)
    caster.deliver(PONG, ["ada"])
    assert all(connection.sent[0] is PONG for connection in connections)


def test_a_user_has_so_many_connections_and_not_more_hs3() -> None:
    caster = broadcaster(limit=2)
    first, second, third = (FakeConnection("ada") for _ in range(3))
    assert [caster.add(connection) for connection in (first, second, third)] == [True, True, False]
    assert caster.add(FakeConnection("bob"))
    caster.remove(third)
    caster.remove(first)
    caster.remove(first)
    assert caster.add(third)
    assert caster.count == 3


def test_sockets_are_closed_at_their_tokens_end_and_not_before_ws4() -> None:
    caster = broadcaster()
    early, late, gone = FakeConnection("a", expires_at=10), FakeConnection("b", expires_at=20), FakeConnection("c")
    for connection in (early, late, gone):
        caster.add(connection)
    caster.remove(gone)
    caster.renew(gone, 5)
    caster.close_expired(9.9)
    assert not early.closed
    caster.renew(late, 40)
    caster.close_expired(39)
    assert (early.closed, late.closed, gone.closed) == ([CloseCode.TOKEN_EXPIRED], [], [])
    caster.close_expired(40)
    assert late.closed == [CloseCode.TOKEN_EXPIRED]
    assert caster.count == 0


def test_only_the_ended_sessions_are_closed_ws8() -> None:
    caster = broadcaster()
    mine, other, namesake = FakeConnection("ada", "s1"), FakeConnection("ada", "s2"), FakeConnection("bob", "s1")
    for connection in (mine, other, namesake):
        caster.add(connection)
    caster.close_sessions(["s1"], "ada")
    assert (mine.closed, other.closed, namesake.closed) == ([CloseCode.SESSION_ENDED], [], [])
    caster.close_sessions(["s1"])
    assert namesake.closed == [CloseCode.SESSION_ENDED]


def test_ended_sessions_are_remembered_for_a_bounded_time_and_number_au5() -> None:
    revocations = Revocations(limit=2)
    for session, now in (("a", 0.0), ("b", 1.0), ("a", 2.0), ("c", 3.0)):
        revocations.add(session, now)
    assert ("a" in revocations, "b" in revocations, "c" in revocations) == (True, False, True)
    revocations.forget_old(3602.5)
    assert ("a" in revocations, "c" in revocations) == (False, True)


def test_limits_outlive_the_sockets_and_are_forgotten_when_idle_ws5() -> None:
    now = 0.0
    limits = MessageLimits(Rate(2, 60.0), lambda: now)
    assert [limits.take("ada") for _ in range(3)] == [True, True, False]
    assert limits.take("bob")
    now = 31.0
    limits.forget_idle()
    assert [limits.take("ada") for _ in range(2)] == [True, False]
    now = 200.0
    limits.forget_idle()
    assert [limits.take("ada") for _ in range(3)] == [True, True, False]


@given(st.dictionaries(strategies.ids, st.sets(strategies.ids, max_size=4), max_size=12), st.integers(4, 6))
def test_batches_name_everybody_once_within_the_limit(users: dict[str, set[str]], limit: int) -> None:
    requests = list(batches(users, limit))
    assert all(len(request.users) <= limit and len(request.sessions) <= limit for request in requests)
    assert [user for request in requests for user in request.users] == list(users)
    asked = [session for request in requests for session in request.sessions]
    assert sorted(asked) == sorted(session for sessions in users.values() for session in sessions)


@given(strategies.task_events)
def test_an_events_frame_is_a_message_without_the_audience_ws1(event: TaskEvent) -> None:
    frame = encode_task_update(event.model_dump(mode="json"))
    message = TypeAdapter[Any](ServerMessage).validate_json(frame.text)
    assert message.model_dump(exclude={"type", "event"}) == event.model_dump(
        exclude={"event_type", "event_id", "user_id", "audience", "trace"}
    )
    assert orjson.loads(frame.text).keys().isdisjoint({"audience", "trace", "event_id", "event_type"})
    assert frame.size == len(frame.text.encode())


def test_a_ping_says_timestamp_null_ws2() -> None:
    assert encode_ping(None).text == '{"type":"ping","timestamp":null}'
    assert encode_ping({}).text == '{"type":"ping","timestamp":null,"heads":{}}'


async def test_a_token_of_a_new_key_makes_the_keys_be_fetched_once_au3() -> None:
    old, new = TokenMint("old"), TokenMint("new")
    keys = dict(old.keys)
    fetches = 0

    async def refresh() -> None:
        nonlocal fetches
        fetches += 1
        keys.update(new.keys)

    authenticator = Authenticator(TokenVerifier(keys, lambda: 0.0), refresh, Revocations())
    user, session = str(uuid4()), str(uuid4())
    assert (await authenticator.authenticate(old.token(user, session))).user_id == user
    assert fetches == 0
    assert (await authenticator.authenticate(new.token(user, session))).session_id == session
    assert fetches == 1
    with pytest.raises(InvalidTokenError):
        await authenticator.authenticate(TokenMint("third").token(user, session))
    with pytest.raises(InvalidTokenError):
        await authenticator.authenticate("x" * 10_000)
    assert fetches == 2


async def test_the_key_keeper_says_what_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    failed = asyncio.Event()

    async def fail() -> None:
        failed.set()
        raise KeysUnavailableError("no route")

    keeper = KeyKeeper(fail)
    assert keeper.missing == "the backend's keys are not fetched yet"
    task = asyncio.create_task(keeper.run())
    await failed.wait()
    await asyncio.sleep(0)
    assert keeper.missing == "the backend's keys cannot be fetched: no route"
    assert "TANDEM_BACKEND_URL" in caplog.text
    task.cancel()


async def test_heads_are_asked_for_with_the_internal_token() -> None:
    user = str(uuid4())
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        reply = HeadsReply(heads={user: {}}, ended=[])
        return httpx.Response(200, content=reply.model_dump_json())

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        reply = await BackendClient("http://backend/", "internal", client).heads(
            HeadsRequest(users=[user], sessions=[])
        )
    assert reply.heads == {user: {}}
    assert str(asked[0].url) == "http://backend/internal/heads"
    assert asked[0].headers["authorization"] == "Bearer internal"
    assert orjson.loads(asked[0].content) == {"users": [user], "sessions": []}


@pytest.mark.parametrize("answer", [httpx.Response(401), httpx.Response(200, content=b"junk"), httpx.ConnectError("x")])
async def test_any_failure_to_get_heads_is_one_error(answer: httpx.Response | httpx.ConnectError) -> None:
    def respond(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, httpx.Response):
            return answer
        raise answer

    async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as client:
        with pytest.raises(BackendUnavailableError):
            await BackendClient("http://backend", "t", client).heads(HeadsRequest(users=[], sessions=[]))


def test_origins_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_ALLOWED_ORIGINS", "https://a.example, http://b:3000,")
    assert WebSocketSettings.load().allowed_origins == ("https://a.example", "http://b:3000")
    monkeypatch.setenv("TANDEM_ALLOWED_ORIGINS", "")
    assert WebSocketSettings.load().allowed_origins == ()
