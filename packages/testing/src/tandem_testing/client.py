"""The published client in the hands of tests: messages and pulls are counted, and messages get lost at will."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

import orjson

from tandem_client.confirmed import Space
from tandem_client.edits import Edit
from tandem_client.engine import Engine, Ports
from tandem_client.http import Http
from tandem_client.pace import Pace
from tandem_client.puller import Puller
from tandem_client.remote import HttpRemote
from tandem_client.replica import Replica
from tandem_client.session import Session
from tandem_client.sockets import Socket, SocketClosed, websockets_at
from tandem_protocol.accounts import Authenticated, User
from tandem_protocol.feed import Changes
from tandem_protocol.tasks import Task, TaskDeleted
from tandem_testing.backend import Device
from tandem_testing.server import WAIT_SECONDS

Message = dict[str, Any]
_PACE: Final = Pace(backoff=(0.1,), answer=WAIT_SECONDS, opening=WAIT_SECONDS)
_TOKEN_SECONDS: Final = 900


class CountingRemote:
    """A server whose answers are counted; see `tandem_client.remote.Remote`."""

    def __init__(self, remote: HttpRemote) -> None:
        """Create it."""
        self.pulls = 0
        """Pulls that were read to their end."""
        self.resets = 0
        """Spaces that began anew (FD3)."""
        self._remote = remote

    async def changes(self, cursor: str | None) -> Changes:
        """Return a page of the change feed."""
        page = await self._remote.changes(cursor)
        self.pulls += not page.more
        self.resets += sum(part.reset for part in page.spaces)
        return page

    async def write(self, edit: Edit) -> Task | TaskDeleted:
        """Send an edit."""
        return await self._remote.write(edit)

    async def find(self, task_id: str) -> Task:
        """Return a task."""
        return await self._remote.find(task_id)


class _LossySocket:
    def __init__(self, socket: Socket, client: "SyncClient") -> None:
        self._socket = socket
        self._client = client

    async def receive(self) -> str | bytes:
        while True:
            try:
                text = await self._socket.receive()
            except SocketClosed as closed:
                self._client.closes.append(closed.code)
                raise
            message: Message = orjson.loads(text)
            self._client.messages.append(message)
            if not self._client.loses(message):
                return text

    async def send(self, text: str) -> None:
        await self._socket.send(text)


class SyncClient:
    """Follows what a signed-in device's user may see, over a socket that is opened again and again."""

    def __init__(self, device: Device, *, loses: Callable[[Message], bool] = lambda _: False) -> None:
        """Create it.

        Args:
            device: Its base URL is the server's.
            loses: Returns whether a message is lost on its way.
        """
        self.messages: list[Message] = []
        """All that came over the socket, lost ones included."""
        self.closes: list[int] = []
        """The close codes of the sockets that have ended, 1006 for those that ended without one."""
        self.loses = loses
        session = _session(device)
        self._remote = CountingRemote(HttpRemote(Http(device.client), session))
        self._open = websockets_at(socket_url(device), device.tls, trust_env=False)
        self._engine = Engine(
            Ports(
                user_id=device.user_id,
                remote=self._remote,
                tokens=session,
                open_socket=self._open_socket,
                pace=_PACE,
            )
        )

    @property
    def tasks(self) -> dict[str, Message]:
        """Return the live tasks by id, in the form of the wire."""
        return _wire(self._engine.replica)

    @property
    def spaces(self) -> dict[str, Space]:
        """Return what is known of each space."""
        return self._engine.replica.spaces

    @property
    def pulls(self) -> int:
        """Return how many pulls were read to their end."""
        return self._remote.pulls

    @property
    def resets(self) -> int:
        """Return how often a space began anew (FD3)."""
        return self._remote.resets

    async def run(self) -> None:
        """Connect, follow, and come back after every end that is not final."""
        await self._engine.run()

    async def pull(self) -> None:
        """Pull once; for a client that does not run."""
        await Puller(self._remote, self._engine.replica, _PACE, random.random, lambda _: None).pull()

    async def loaded(self) -> None:
        """Wait for the first state."""
        await self.until(lambda: self._engine.replica.loaded)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds; it is looked at whenever something came.

        Raises:
            TimeoutError: It did not come.
        """
        async with asyncio.timeout(WAIT_SECONDS):
            await self._engine.until(condition)

    async def shows(self, tasks: dict[str, Message]) -> None:
        """Wait until these tasks and no others are known."""
        try:
            await self.until(lambda: self.tasks == tasks)
        except TimeoutError:
            raise AssertionError(f"the client has {self.tasks}, not {tasks}") from None

    @contextlib.asynccontextmanager
    async def _open_socket(self, token: str) -> AsyncGenerator[Socket]:
        async with self._open(token) as socket:
            yield _LossySocket(socket, self)


def socket_url(device: Device) -> str:
    """Return the URL of a device's socket, without a token."""
    base = device.client.base_url
    scheme = "wss" if base.scheme == "https" else "ws"
    return f"{scheme}://{base.host}:{base.port}/ws/{device.user_id}"


@contextlib.asynccontextmanager
async def following(device: Device, **options: Any) -> AsyncGenerator[SyncClient]:
    """Run a `SyncClient` and wait until it has its first state; ``options`` are its own."""
    client = SyncClient(device, **options)
    running = asyncio.create_task(client.run())
    try:
        await client.loaded()
        yield client
        if running.done():
            await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def fetch(device: Device) -> dict[str, Message]:
    """Return the user's live tasks, fetched afresh, and check that the list and the feed agree (CL3)."""
    afresh = Replica()
    changes = [await device.changes()]
    while changes[-1]["more"]:
        changes.append(await device.changes(changes[-1]["cursor"]))
    afresh.finish_pull(afresh.begin_pull(), [Changes.model_validate_json(orjson.dumps(page)) for page in changes])
    listed = {task["id"]: task for task in (await device.tasks())["tasks"]}
    if listed != _wire(afresh):
        raise AssertionError("the list and the change feed differ")
    return listed


def _session(device: Device) -> Session:
    authenticated = Authenticated(
        user=User(id=device.user_id, email="", name=""),
        session_id=device.session_id,
        access_token=device.token,
        expires_in=_TOKEN_SECONDS,
    )
    return Session(Http(device.client), authenticated, time.monotonic)


def _wire(replica: Replica) -> dict[str, Message]:
    return {key: task.model_dump(mode="json") for key, task in replica.confirmed.items()}
