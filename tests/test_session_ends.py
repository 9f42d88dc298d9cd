"""How sessions and their sockets end, and live on (AU5, WS4, WS8), over the whole program."""

from collections.abc import Callable
from contextlib import AsyncExitStack

import orjson
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from tandem_testing.backend import PASSWORD, Device
from tandem_testing.client import socket_url
from tandem_testing.server import TandemServer
from tandem_testing.sockets import close_code, connect_with, receive_type

QUIET = {"HEARTBEAT_INTERVAL": "3600"}


def renewal(device: Device) -> bytes:
    """Return the message that gives a socket a device's token."""
    return orjson.dumps({"type": "token", "token": device.token})


async def refused(device: Device) -> None:
    """Check that the API and the socket's handshake refuse a device's token."""
    reply = await device.call("GET", "tasks")
    assert (reply.status_code, reply.json()["code"]) == (401, "session_ended")
    with pytest.raises(InvalidStatus) as handshake:
        async with connect_with(socket_url(device), device.token):
            pass
    assert handshake.value.response.status_code == 401


async def works(device: Device, socket: ClientConnection) -> None:
    """Check that a device's token and its socket are still good."""
    await device.made()
    assert (await receive_type(socket, "task_update"))["event"] == "task.created"


async def test_signing_out_everywhere_closes_every_socket_at_once_ws8_au5(tandem: Callable[..., TandemServer]) -> None:
    server = tandem(**QUIET).start()
    ada, other, eve = await server.register(), await server.login(), await server.register("eve@example.com")
    async with (
        connect_with(socket_url(ada), ada.token) as first,
        connect_with(socket_url(other), other.token) as second,
        connect_with(socket_url(eve), eve.token) as hers,
    ):
        for socket in (first, second, hers):
            await receive_type(socket, "hello")
        assert (await ada.call("POST", "/api/auth/logout-all")).status_code == 204
        assert (await close_code(first))[0] == 4500
        assert (await close_code(second))[0] == 4500
        await works(eve, hers)
    for device in (ada, other):
        await refused(device)
    assert (await other.client.post("/api/auth/refresh")).json()["code"] == "session_ended"


@pytest.mark.parametrize("how", ["logout", "revoke", "password"])
async def test_one_session_ends_and_the_others_live_ws8_au5(tandem: Callable[..., TandemServer], how: str) -> None:
    server = tandem(**QUIET).start()
    ada, other = await server.register(), await server.login()
    async with (
        connect_with(socket_url(ada), ada.token) as lives,
        connect_with(socket_url(other), other.token) as ends,
    ):
        for socket in (lives, ends):
            await receive_type(socket, "hello")
        if how == "logout":
            reply = await other.client.post("/api/auth/logout")
        elif how == "revoke":
            reply = await ada.call("DELETE", f"/api/auth/sessions/{other.session_id}")
        else:
            change = {"current_password": PASSWORD, "new_password": f"new {PASSWORD}"}
            reply = await ada.call("POST", "/api/auth/password", json=change)
        assert reply.status_code == 204
        assert (await close_code(ends))[0] == 4500
        await works(ada, lives)
    await refused(other)


async def test_ended_session_stays_ended_after_a_restart_au5_ws8(tandem: Callable[..., TandemServer]) -> None:
    """A new process that has not heard of the end lets the socket in at most for a moment."""
    server = tandem(HEARTBEAT_INTERVAL="0.5").start()
    ada, other = await server.register(), await server.login()
    assert (await ada.call("DELETE", f"/api/auth/sessions/{other.session_id}")).status_code == 204
    server.restart()
    assert (await other.call("GET", "tasks")).json()["code"] == "session_ended"
    async with AsyncExitStack() as stack:
        try:
            socket = await stack.enter_async_context(connect_with(socket_url(other), other.token))
        except InvalidStatus as handshake:
            outcome = handshake.response.status_code
        else:
            outcome, messages = await close_code(socket)
            assert "task_update" not in {message["type"] for message in messages}
    assert outcome in {401, 4500}


async def test_token_ends_during_the_socket_ws4(tandem: Callable[..., TandemServer]) -> None:
    server = tandem(HEARTBEAT_INTERVAL="1", TANDEM_ACCESS_TOKEN_SECONDS="10").start()
    ada, other = await server.register(), await server.login()
    old, ends = ada.token, connect_with(socket_url(ada), ada.token)
    async with connect_with(socket_url(ada), ada.token) as renewed, ends as left:
        first_end = (await receive_type(left, "hello"))["token_expires_at"]
        # The token of another session is refused, and the old one stays.
        await renewed.send(renewal(other), text=True)
        assert (await receive_type(renewed, "error"))["code"] == "invalid_token"
        # Well before the token's end, and well after its beginning.
        for _ in range(5):
            await receive_type(renewed, "ping")
        await server.refresh(ada)
        await renewed.send(renewal(ada), text=True)
        assert (await receive_type(renewed, "token_accepted"))["expires_at"] > first_end
        assert (await close_code(left))[0] == 4002
        await works(ada, renewed)
        assert (await ada.call("GET", "tasks", headers={"authorization": f"Bearer {old}"})).status_code == 401
        with pytest.raises(InvalidStatus) as refused_handshake:
            async with connect_with(socket_url(ada), old):
                pass
        assert refused_handshake.value.response.status_code == 401
