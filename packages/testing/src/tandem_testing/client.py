"""A client that keeps the rules CL2 to CL6 in the plainest way: the replica that the laws are tested on."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

import httpx
import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tandem_protocol.limits import GAP_WAIT_MS
from tandem_testing.backend import Device
from tandem_testing.server import WAIT_SECONDS
from tandem_testing.sockets import connect_with

Message = dict[str, Any]
_AGAIN_SECONDS: Final = 0.1


class Space:
    """What a client knows of a space: how far it has read, in which history, and the live tasks."""

    def __init__(self, epoch: str, seq: int = 0) -> None:
        self.epoch = epoch
        self.seq = seq
        self.tasks: dict[str, Message] = {}


class Replica:
    """Confirmed state (CL1), made of what the feed and the socket say. It does no input or output."""

    def __init__(self) -> None:
        self.spaces: dict[str, Space] = {}
        self.resets = 0
        self._ahead: dict[str, dict[int, Message]] = {}

    @property
    def tasks(self) -> dict[str, Message]:
        """Return the live tasks by id."""
        return {key: task for space in self.spaces.values() for key, task in space.tasks.items()}

    @property
    def has_gap(self) -> bool:
        """Whether an event waits for one before it."""
        return any(self._ahead.values())

    def event(self, message: Message) -> None:
        """Take a ``task_update`` (CL2)."""
        space = self.spaces.get(message["space"])
        if space is None or space.epoch != message["epoch"]:
            # Of a history that is not known here: never applied, so that it counts as a gap until the next pull.
            self._ahead.setdefault(message["space"], {})[message["seq"]] = message
        elif message["seq"] > space.seq:
            self._ahead.setdefault(message["space"], {})[message["seq"]] = message
            self._close_gap(message["space"], space)

    def is_contradicted_by(self, pages: list[Message]) -> bool:
        """Return whether the server's history is not the one known here, though the feed's cursor fitted it.

        The cursor stands where the last pull ended, and events went on from there; a restored database may lie
        between the two (CL5).
        """
        return any(
            not change["reset"]
            and (space := self.spaces.get(change["id"])) is not None
            and (space.epoch != change["epoch"] or space.seq > change["head"])
            for page in pages
            for change in page["spaces"]
        )

    def pulled(self, pages: list[Message]) -> None:
        """Take all pages of a pull (CL6, FD6)."""
        fresh: dict[str, Space] = {}
        for page in pages:
            for change in page["spaces"]:
                if change["reset"]:
                    if change["id"] not in fresh:
                        fresh[change["id"]] = Space(change["epoch"])
                        self.resets += 1
                    self._take(fresh[change["id"]], change)
                elif change["id"] in fresh:
                    self._take(fresh[change["id"]], change)
                elif (space := self.spaces[change["id"]]).epoch == change["epoch"]:
                    self._take(space, change)
        self.spaces.update(fresh)
        named = {change["id"] for change in pages[-1]["spaces"]}
        self.spaces = {name: space for name, space in self.spaces.items() if name in named}
        ahead, self._ahead = self._ahead, {}
        for message in (message for waiting in ahead.values() for message in waiting.values()):
            if message["space"] in self.spaces and self.spaces[message["space"]].epoch == message["epoch"]:
                self.event(message)

    def is_at(self, heads: dict[str, Message]) -> bool:
        """Return whether the heads of a ping are where this replica is (CL5)."""
        mine = {name: (space.epoch, space.seq) for name, space in self.spaces.items()}
        return mine == {name: (head["epoch"], head["head"]) for name, head in heads.items()}

    def _take(self, space: Space, change: Message) -> None:
        for task in change["tasks"]:
            if task["seq"] > space.seq:
                space.tasks[task["id"]] = task
        if change["through"] > space.seq:
            for key in change["deleted"]:
                space.tasks.pop(key, None)
        space.seq = max(space.seq, change["through"])

    def _close_gap(self, name: str, space: Space) -> None:
        waiting = self._ahead[name]
        while (message := waiting.pop(space.seq + 1, None)) is not None:
            if message["event"] == "task.deleted":
                space.tasks.pop(message["task"]["id"], None)
            else:
                space.tasks[message["task"]["id"]] = message["task"]
            space.seq += 1
        self._ahead[name] = {seq: message for seq, message in waiting.items() if seq > space.seq}


class SyncClient:
    """Keeps a replica of what a device's user may see, over a socket that it opens again and again."""

    def __init__(self, device: Device, *, loses: Callable[[Message], bool] = lambda _: False) -> None:
        """Create it.

        Args:
            device: The signed-in device; its base URL is the server's.
            loses: Returns whether a message is lost on its way.
        """
        self.replica = Replica()
        self.device = device
        self.messages: list[Message] = []
        """All that came over the socket, lost ones included."""
        self.closes: list[int] = []
        """The close codes of the sockets that have ended, 1006 for those that ended without one."""
        self.pulls = 0
        self._loses = loses
        self._cursor: str | None = None
        self._changed = asyncio.Condition()

    @property
    def tasks(self) -> dict[str, Message]:
        """Return the live tasks by id."""
        return self.replica.tasks

    async def run(self) -> None:
        """Connect, follow, and come back after every end, for ever."""
        while True:
            with contextlib.suppress(OSError, InvalidHandshake, httpx.TransportError, httpx.HTTPStatusError, EOFError):
                async with self._socket() as socket:
                    # The socket is open: nothing falls between it and the pull (CL4).
                    await self.pull()
                    await self._follow(socket)
            await self._notify()
            await asyncio.sleep(_AGAIN_SECONDS)

    async def pull(self) -> None:
        """Read the feed from the cursor to its end; afresh, if what it says is of another history."""
        pages = await self._pages(self._cursor)
        if self.replica.is_contradicted_by(pages):
            pages = await self._pages(None)
        self._cursor = pages[-1]["cursor"]
        self.replica.pulled(pages)
        self.pulls += 1
        await self._notify()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds; it is looked at whenever something came.

        Raises:
            TimeoutError: It did not come.
        """
        async with asyncio.timeout(WAIT_SECONDS), self._changed:
            await self._changed.wait_for(condition)

    async def shows(self, tasks: dict[str, Message]) -> None:
        """Wait until the replica holds these tasks and no others."""
        try:
            await self.until(lambda: self.tasks == tasks)
        except TimeoutError:
            raise AssertionError(f"the replica has {self.tasks}, not {tasks}") from None

    async def _pages(self, cursor: str | None) -> list[Message]:
        pages: list[Message] = []
        while not pages or pages[-1]["more"]:
            reply = await self.device.call("GET", "changes", params={"cursor": cursor} if cursor else {})
            reply.raise_for_status()
            pages.append(reply.json())
            cursor = pages[-1]["cursor"]
        return pages

    def _socket(self) -> contextlib.AbstractAsyncContextManager[ClientConnection]:
        return connect_with(socket_url(self.device), self.device.token)

    async def _follow(self, socket: ClientConnection) -> None:
        pull_soon = False
        while True:
            try:
                waits = GAP_WAIT_MS / 1000 if pull_soon or self.replica.has_gap else None
                async with asyncio.timeout(waits):
                    message: Message = orjson.loads(await socket.recv())
            except TimeoutError:
                await self.pull()
                pull_soon = False
                continue
            except ConnectionClosed as closed:
                self.closes.append(closed.rcvd.code if closed.rcvd else 1006)
                return
            self.messages.append(message)
            if not self._loses(message):
                if message["type"] == "task_update":
                    self.replica.event(message)
                elif message["type"] == "ping" and "heads" in message:
                    pull_soon = not self.replica.is_at(message["heads"])
            await self._notify()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def socket_url(device: Device) -> str:
    """Return the URL of a device's socket, without a token."""
    base = device.client.base_url
    return f"ws://{base.host}:{base.port}/ws/{device.user_id}"


@contextlib.asynccontextmanager
async def following(device: Device, **options: Any) -> AsyncGenerator[SyncClient]:
    """Run a `SyncClient` and wait until it has its first state; ``options`` are its own."""
    client = SyncClient(device, **options)
    running = asyncio.create_task(client.run())
    try:
        await client.until(lambda: client.pulls > 0)
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
    afresh.pulled(changes)
    listed = {task["id"]: task for task in (await device.tasks())["tasks"]}
    if listed != afresh.tasks:
        raise AssertionError("the list and the change feed differ")
    return listed
