"""The adapter of sockets, with a server that leaves it alone."""

import asyncio
from contextlib import suppress

from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from tandem_client.sockets import Socket, websockets_at
from tandem_protocol.version import SUBPROTOCOL


class DeafServer:
    """Shakes hands, and then answers nothing, not even a close."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()
        self.ended = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol = ServerProtocol(subprotocols=[Subprotocol(SUBPROTOCOL)])
        protocol.receive_data(await reader.readuntil(b"\r\n\r\n"))
        [request] = protocol.events_received()
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))
        writer.write(b"".join(protocol.data_to_send()))
        with suppress(ConnectionError):
            while await reader.read(4096):
                self.closing.set()
        self.ended.set()
        writer.close()


async def test_a_close_that_is_given_up_leaves_no_connection() -> None:
    deaf = DeafServer()
    opened: asyncio.Future[Socket] = asyncio.get_running_loop().create_future()

    async def open_and_close(port: int) -> None:
        async with websockets_at(f"ws://127.0.0.1:{port}", None, trust_env=False)("token") as socket:
            opened.set_result(socket)

    async with await asyncio.start_server(deaf.serve, "127.0.0.1") as server, asyncio.timeout(10):
        client = asyncio.create_task(open_and_close(server.sockets[0].getsockname()[1]))
        await opened
        await deaf.closing.wait()
        client.cancel()
        with suppress(asyncio.CancelledError):
            await client
        await deaf.ended.wait()
