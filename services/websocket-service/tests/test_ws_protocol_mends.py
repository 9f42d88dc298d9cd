"""Broken WebSockets by hand: what uvicorn's protocol was mended for, and frames of every odd form."""

import asyncio
import base64
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import orjson
import pytest

from tandem_testing.sockets import PATIENCE, SocketServer, TokenMint, socket_server

MASK = b"\x00\x00\x00\x00"
TEXT, BINARY, CLOSE, PING, CONTINUATION = 1, 2, 8, 9, 0


def frame(opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True) -> bytes:
    size = len(payload)
    lengths = (
        bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2) if size < 65536 else b"\x7f" + size.to_bytes(8)
    )
    head = bytes([(0x80 if fin else 0) | opcode, lengths[0] | (0x80 if masked else 0)]) + lengths[1:]
    return head + (MASK if masked else b"") + payload


def handshake(user: str, token: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /ws/{user}?token={token} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


@asynccontextmanager
async def opened(
    server: SocketServer, *, extra: bytes = b""
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Send a good handshake, with ``extra`` bytes right behind it."""
    user = str(uuid4())
    token = server.mint.token(user, str(uuid4()))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(handshake(user, token))
    if extra:
        writer.write(extra)
    else:
        async with asyncio.timeout(PATIENCE):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        assert (await read_json(reader))["type"] == "hello"
    try:
        yield reader, writer
    finally:
        writer.close()


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    async with asyncio.timeout(PATIENCE):
        opcode, size = await reader.readexactly(2)
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2))
        return opcode & 0x0F, await reader.readexactly(size)


async def read_json(reader: asyncio.StreamReader) -> dict[str, object]:
    opcode, payload = await read_frame(reader)
    assert opcode == TEXT
    message: dict[str, object] = orjson.loads(payload)
    return message


async def ended(reader: asyncio.StreamReader) -> int:
    """Return the close code, 1006 without a close frame."""
    code = 1006
    try:
        while True:
            opcode, payload = await read_frame(reader)
            if opcode == CLOSE:
                code = int.from_bytes(payload[:2])
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return code


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(TEXT, b"\xff\xfe"), 1007),
        (frame(TEXT, b"\xc3", fin=False) + frame(CONTINUATION, b"("), 1007),
        (frame(TEXT, b"x", masked=False), 1002),
        (frame(3, b""), 1002),
        (frame(CONTINUATION, b"x"), 1002),
        (frame(PING, b"x" * 126), 1002),
        (frame(PING, b"x", fin=False), 1002),
        (frame(CLOSE, b"x"), 1002),
        (frame(CLOSE, (999).to_bytes(2)), 1002),
        (frame(TEXT, b"x" * 70_000), 1009),
        (frame(TEXT, b"", fin=False) + frame(CONTINUATION, b"", fin=False) * 2000, 1008),
        (b"\xff" * 20, 1002),
    ],
)
async def test_broken_frames_close_the_one_who_sent_them_ws6(server: SocketServer, sent: bytes, code: int) -> None:
    async with server.client(str(uuid4())) as other:
        async with opened(server) as (reader, writer):
            writer.write(sent)
            assert await ended(reader) == code
        await server.status(connections=1)
        await other.send('{"type":"ping"}')
        assert orjson.loads(await other.recv()) == {"type": "pong"}


async def test_frames_of_every_good_form_are_read(server: SocketServer) -> None:
    ping = b'{"type":"ping"}'
    forms = [
        frame(TEXT, ping),
        frame(TEXT, ping.ljust(126)),
        frame(TEXT, ping.ljust(16_000)),
        frame(TEXT, ping[:5], fin=False) + frame(CONTINUATION, ping[5:]),
        frame(TEXT, ping[:5], fin=False) + frame(PING, b"between") + frame(CONTINUATION, ping[5:]),
        frame(TEXT, b"", fin=False) + frame(CONTINUATION, ping, fin=False) + frame(CONTINUATION, b""),
    ]
    async with opened(server) as (reader, writer):
        for form in forms:
            for piece in (form[:3], form[3:]):
                writer.write(piece)
                await writer.drain()
            opcode, payload = await read_frame(reader)
            if opcode == 10:
                assert payload == b"between"
                opcode, payload = await read_frame(reader)
            assert (opcode, payload) == (TEXT, b'{"type":"pong"}')
        writer.write(frame(CLOSE, (1000).to_bytes(2) + b"bye"))
        assert await ended(reader) == 1000


@pytest.mark.parametrize(
    "extra",
    [frame(TEXT, b"\xff"), frame(3, b""), b"\xff" * 20, frame(TEXT, b"x" * 70_000), frame(CLOSE, b"")],
)
async def test_frames_behind_the_handshake_do_no_harm(server: SocketServer, extra: bytes) -> None:
    async with opened(server, extra=extra) as (reader, writer):
        writer.write_eof()
        async with asyncio.timeout(PATIENCE):
            await reader.read()
    await server.status(connections=0)


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET /ws/%s HTTP/1.1\r\nHost: h\r\n" % (b"x" * 9000),
        b"GET /ws/x HTTP/1.1\r\nHost: h\r\nCookie: %s\r\n" % (b"x" * 9000),
        b"POST /ws/x HTTP/1.1\r\nHost: h\r\n",
        b"GET /ws/x HTTP/1.1\r\nHost: h\r\n%s" % b"".join(b"X-%d: 1\r\n" % number for number in range(200)),
    ],
)
async def test_a_handshake_that_cannot_be_read_is_answered(server: SocketServer, request_head: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13\r\n\r\n"
    writer.write(request_head + upgrade)
    async with asyncio.timeout(PATIENCE):
        answer = await reader.read()
    assert not answer or answer.startswith(b"HTTP/1.1 4")
    writer.close()


async def test_a_client_may_vanish_within_the_handshake(server: SocketServer) -> None:
    for size in (10, 100, 200, 400):
        async with opened(server, extra=b"") as (_, writer):
            writer.transport.abort()
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /ws/x HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n".ljust(size, b"x"))
        writer.transport.abort()
    await server.status(connections=0)


@pytest.mark.parametrize("sent", [frame(TEXT, b"\xff"), frame(3, b""), frame(TEXT, b"x" * 70_000), frame(CLOSE, b"")])
async def test_broken_frames_before_the_connection_is_accepted_end_it(sent: bytes) -> None:
    asked, release = asyncio.Event(), asyncio.Event()

    async def refresh() -> None:
        asked.set()
        await release.wait()

    async with socket_server(heartbeat_interval=3600, refresh_keys=refresh) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(handshake(str(uuid4()), TokenMint("new").token(str(uuid4()), str(uuid4()))))
        await asyncio.wait_for(asked.wait(), PATIENCE)
        writer.write(sent)
        await writer.drain()
        # The service has read it when it answers somebody who came later.
        await server.status(connections=0)
        release.set()
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionResetError):
                await reader.read()
        writer.close()
        await server.status(connections=0)
