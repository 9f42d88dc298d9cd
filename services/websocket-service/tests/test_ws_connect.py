"""The handshake with a real server and real clients."""

import time
from uuid import uuid4

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.protocol import State
from websockets.typing import Origin, Subprotocol

from tandem_testing.sockets import (
    SocketServer,
    TokenMint,
    close_code,
    connect_with,
    receive,
    session_revoked,
    socket_server,
)


async def refused(url: str, token: str | None, origin: str | None = None) -> tuple[int, dict[str, object]]:
    with pytest.raises(InvalidStatus) as caught:
        async with connect_with(url, token, origin=None if origin is None else Origin(origin)):
            pass
    response = caught.value.response
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, orjson.loads(bytes(response.body or b""))


async def test_hello_is_the_first_message_hs4(server: SocketServer) -> None:
    user = str(uuid4())
    expires_at = int(time.time()) + 600
    token = server.mint.token(user, str(uuid4()), expires_at)
    async with connect_with(server.url(user), token) as client:
        hello = await receive(client)
        assert client.subprotocol == "tandem.v1"
    assert hello.keys() == {"type", "protocol", "connection_id", "heartbeat_interval", "token_expires_at"}
    assert (hello["type"], hello["protocol"], hello["heartbeat_interval"]) == ("hello", 1, 3600)
    assert hello["token_expires_at"] == time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(expires_at))


async def test_the_token_may_come_in_the_query_hs1(server: SocketServer) -> None:
    user = str(uuid4())
    url = f"{server.url(user)}?token={server.mint.token(user, str(uuid4()))}"
    async with connect(url, compression=None, proxy=None) as client:
        assert (await receive(client))["type"] == "hello"
        assert client.subprotocol is None


async def test_only_our_subprotocol_is_accepted_hs1(server: SocketServer) -> None:
    user = str(uuid4())
    token = server.mint.token(user, str(uuid4()))
    async with connect(
        f"{server.url(user)}?token={token}", subprotocols=[Subprotocol("other"), Subprotocol("tandem.v1")], proxy=None
    ) as client:
        assert client.subprotocol == "tandem.v1"


@pytest.mark.parametrize("token", [None, "", "nonsense", "a.b.c", "x" * 8000])
async def test_no_or_a_broken_token_is_401_hs2(server: SocketServer, token: str | None) -> None:
    status, problem = await refused(server.url(str(uuid4())), token)
    assert (status, problem["code"]) == (401, "unauthenticated")
    assert not token or token not in str(problem)


async def test_a_forged_an_expired_and_anothers_token_are_refused_hs2(server: SocketServer) -> None:
    user, session = str(uuid4()), str(uuid4())
    forged = TokenMint(server.mint.kid).token(user, session)
    expired = server.mint.token(user, session, time.time() - 1)
    unknown_key = TokenMint("other").token(user, session)
    for token in (forged, expired, unknown_key):
        assert (await refused(server.url(user), token))[0] == 401
    status, problem = await refused(server.url(str(uuid4())), server.mint.token(user, session))
    assert (status, problem["code"]) == (403, "forbidden")
    assert (await refused(server.url("not-a-uuid"), server.mint.token(user, session)))[0] == 403
    assert server.metric("handshakes_refused_total", reason="invalid_token") == 3
    assert server.metric("handshakes_refused_total", reason="other_user") == 2


async def test_a_token_that_names_no_uuids_is_refused_hs2(server: SocketServer) -> None:
    assert (await refused(server.url("ada"), server.mint.token("ada", str(uuid4()))))[0] == 401
    user = str(uuid4())
    assert (await refused(server.url(user), server.mint.token(user, "session")))[0] == 401


async def test_origins_that_are_not_listed_are_refused_hs2() -> None:
    user = str(uuid4())
    async with socket_server(allowed_origins="https://tasks.example, http://localhost:3000") as server:
        token = server.mint.token(user, str(uuid4()))
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
            status, problem = await refused(server.url(user), token, origin)
            assert (status, problem["code"]) == (403, "forbidden")
        for origin in ("https://tasks.example", "http://localhost:3000", server.http, None):
            options = {} if origin is None else {"origin": origin}
            async with connect_with(server.url(user), token, **options) as client:
                assert (await receive(client))["type"] == "hello"


async def test_one_connection_too_many_is_accepted_and_closed_with_4501_hs3() -> None:
    user = str(uuid4())
    async with (
        socket_server(max_connections_per_user=2) as server,
        server.client(user),
        server.client(user) as second,
        server.client(str(uuid4())),
    ):
        async with connect_with(server.url(user), server.mint.token(user, str(uuid4()))) as third:
            assert await close_code(third) == (4501, [])
        await second.close()
        await server.status(connections=2)
        async with server.client(user):
            pass


async def test_a_hundred_connections_are_allowed_by_default_hs3(server: SocketServer) -> None:
    user = str(uuid4())
    token = server.mint.token(user, str(uuid4()))
    clients = [await connect_with(server.url(user), token) for _ in range(100)]
    try:
        for client in clients:
            assert (await receive(client))["type"] == "hello"
        async with connect_with(server.url(user), token) as last:
            assert (await close_code(last))[0] == 4501
    finally:
        for client in clients:
            await client.close()


async def test_a_revoked_session_cannot_come_back_with_its_good_token_au5(server: SocketServer) -> None:
    user, session = str(uuid4()), str(uuid4())
    token = server.mint.token(user, session)
    async with server.client(user, token=token):
        await server.publish(session_revoked(user, session))
        status, problem = await refused(server.url(user), token)
    assert (status, problem["code"]) == (401, "session_ended")


async def test_a_session_that_ended_unheard_of_is_found_out_after_the_handshake_ws8(server: SocketServer) -> None:
    user, gone, running = str(uuid4()), str(uuid4()), str(uuid4())
    server.backend.ended.append(gone)
    async with server.client(user, session_id=running) as other, server.client(user, session_id=gone) as client:
        assert (await close_code(client))[0] == 4500
        assert other.state is State.OPEN
