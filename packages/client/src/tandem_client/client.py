"""The client as scripts use it."""

import asyncio
import os
import ssl
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Generic, Self, TypedDict, TypeVar, Unpack, cast
from uuid import uuid4

import httpx

from tandem_client.changes import ChangeStream
from tandem_client.edits import Change, Delete, Restore
from tandem_client.ending import end
from tandem_client.engine import Engine, Outcome, Ports
from tandem_client.errors import StoppedError, TandemError, UnsentError
from tandem_client.http import Http
from tandem_client.pace import Pace
from tandem_client.remote import HttpRemote
from tandem_client.session import Session, enter
from tandem_client.sockets import websockets_at
from tandem_client.status import SetAside, Status
from tandem_protocol.accounts import Login, Register, User
from tandem_protocol.ids import uuid7
from tandem_protocol.messages import Heads, SpaceHead
from tandem_protocol.tasks import Due, Priority, Task, TaskCreate, TaskDeleted, TaskPatch

_Result = TypeVar("_Result", bound=Task | TaskDeleted)
_AGENT: Final = f"tandem-client/{version('tandem-client')}"


class NewTaskFields(TypedDict, total=False):
    """What a new task may have beside its title."""

    description: str
    priority: Priority
    due: Due | None
    space: str


class TaskFields(TypedDict, total=False):
    """What can be changed of a task."""

    title: str
    description: str
    priority: Priority
    completed: bool
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to reach the server."""

    ca: Path | str | None = None
    """A file of certificates (PEM) to trust instead of the system's, for ``https``."""
    socket_url: str | None = None
    """Where sockets are, if not at the server's own ``/ws``: ``wss://push.example.org/ws``."""
    trust_env: bool = True
    """Whether proxies are taken from the environment."""
    pace: Pace = field(default_factory=Pace)
    transport: httpx.AsyncBaseTransport | None = None
    """How requests travel, to watch or disturb them; `ca` and `trust_env` are its own business then."""


class Write(Awaitable[_Result], Generic[_Result]):
    """An edit that is shown already and on its way. Awaiting it waits for the server's answer.

    It is sent whether or not somebody waits, and goes on being sent when waiting is given up.
    """

    def __init__(self, task_id: str, key: str, outcome: asyncio.Future[Outcome]) -> None:
        """Create it."""
        self.task_id = task_id
        self.key = key
        """Its ``Idempotency-Key``."""
        self._outcome = outcome

    @property
    def done(self) -> bool:
        """Whether the server has answered."""
        return self._outcome.done()

    def __await__(self) -> Generator[object, None, _Result]:
        """Wait for the answer.

        Raises:
            RefusedError: The server refused it for good.
            SessionEndedError: The session is over, and there was no answer.
            StoppedError: The client was closed, and there was no answer.
        """
        outcome = yield from asyncio.shield(self._outcome).__await__()
        if isinstance(outcome, Exception):
            raise outcome
        return cast("_Result", outcome)


class Tandem:
    """A signed-in client that holds a user's tasks and keeps them in step with the server.

    It is used in an ``async with``: entering signs in and loads the tasks, leaving waits for unsent edits and signs
    out.
    """

    def __init__(self, url: str, credentials: Login | Register, options: Options) -> None:
        """Use `connect` or `register`."""
        self._url = httpx.URL(url)
        self._credentials = credentials
        self._options = options
        self._stack = AsyncExitStack()
        self._started: tuple[Engine, Session] | None = None

    @classmethod
    def connect(cls, url: str, *, email: str, password: str, options: Options | None = None) -> Self:
        """Return a client that signs in when it is entered."""
        return cls(url, Login(email=email, password=password), options or Options())

    @classmethod
    def register(
        cls, url: str, *, email: str, password: str, name: str | None = None, options: Options | None = None
    ) -> Self:
        """Return a client that makes an account when it is entered."""
        return cls(url, Register(email=email, password=password, name=name), options or Options())

    @property
    def user(self) -> User:
        """Return who is signed in."""
        return self._session.user

    @property
    def tasks(self) -> Mapping[str, Task]:
        """Return the live tasks by id, with the edits that the server has not confirmed (CL1)."""
        return self._engine.replica.tasks

    @property
    def confirmed(self) -> Mapping[str, Task]:
        """Return the live tasks by id, as the server said."""
        return self._engine.replica.confirmed

    @property
    def heads(self) -> Heads:
        """Return how far each space has been read, in which history (SP2, SP5)."""
        return {
            key: SpaceHead(epoch=space.epoch, head=space.cursor) for key, space in self._engine.replica.spaces.items()
        }

    @property
    def status(self) -> Status:
        """Return where the connection is, and how many edits are unsent."""
        return self._engine.status

    @property
    def set_aside(self) -> list[SetAside]:
        """Return the edits that the server refused for good."""
        return self._engine.set_aside

    def add(self, title: str, **fields: Unpack[NewTaskFields]) -> Write[Task]:
        """Make a task (WR1).

        Raises:
            ValueError: A field is not what the protocol takes.
        """
        task_id = uuid7(time.time_ns() // 1_000_000, os.urandom)
        change = TaskCreate.model_validate({**fields, "id": task_id, "title": title})
        return self._edit(task_id, change)

    def patch(self, task_id: str, **fields: Unpack[TaskFields]) -> Write[Task]:
        """Change the named fields of a task (WR2).

        Raises:
            ValueError: A field is not what the protocol takes, or there is none.
        """
        return self._edit(task_id, TaskPatch.model_validate(fields))

    def complete(self, task_id: str) -> Write[Task]:
        """Mark a task as done."""
        return self._edit(task_id, TaskPatch(completed=True))

    def delete(self, task_id: str) -> Write[TaskDeleted]:
        """Delete a task (WR3)."""
        return self._edit(task_id, Delete())

    def restore(self, task_id: str) -> Write[Task]:
        """Bring a deleted task back (WR3)."""
        return self._edit(task_id, Restore())

    def changes(self) -> ChangeStream:
        """Return the changes from now on, to be iterated over: this client's own, other devices', other people's."""
        return self._engine.stream()

    async def synced(self) -> None:
        """Wait until the server has every edit so far, and this client has all that the server had at this moment.

        Raises:
            SessionEndedError: The session is over.
        """
        await self._engine.synced()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something about this client holds.

        Raises:
            SessionEndedError: The session is over.
        """
        await self._engine.until(condition)

    def retry_now(self) -> None:
        """Try at once what waits for its next try."""
        self._engine.retry_now()

    async def __aenter__(self) -> Self:
        """Sign in, and wait for the tasks.

        Raises:
            RefusedError: The server does not let this user in.
            UnavailableError: There is no answer.
        """
        async with AsyncExitStack() as stack:
            tls = ssl.create_default_context(cafile=self._options.ca) if self._url.scheme == "https" else None
            client = await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=self._url,
                    headers={"user-agent": _AGENT},
                    timeout=self._options.pace.answer,
                    trust_env=self._options.trust_env,
                    verify=tls or False,
                    transport=self._options.transport,
                )
            )
            http = Http(client)
            way = "login" if isinstance(self._credentials, Login) else "register"
            session = Session(http, await enter(http, way, self._credentials), time.monotonic)
            stack.push_async_callback(_sign_out, session)
            open_socket = websockets_at(self._socket_url(session), tls, trust_env=self._options.trust_env)
            engine = Engine(
                Ports(
                    user_id=session.user.id,
                    remote=HttpRemote(http, session),
                    tokens=session,
                    open_socket=open_socket,
                    pace=self._options.pace,
                )
            )
            running = asyncio.create_task(engine.run())
            stack.push_async_callback(end, running)
            await engine.until(lambda: engine.replica.loaded)
            self._started = engine, session
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for unsent edits, unless there was an error, and sign out.

        Raises:
            UnsentError: There was no answer to some edits in time.
        """
        async with self._stack:
            if kind is None:
                await self._send_rest()

    async def _send_rest(self) -> None:
        queue = self._engine.replica.queue
        try:
            async with asyncio.timeout(self._options.pace.closing):
                await self._engine.until(lambda: queue.unanswered == 0)
        except (TimeoutError, TandemError) as error:
            raise UnsentError([edit.task_id for edit in queue if edit.answer is None]) from error

    def _edit(self, task_id: str, change: Change) -> Write[Any]:
        key = str(uuid4())
        return Write(task_id, key, self._engine.edit(key, task_id, change))

    def _socket_url(self, session: Session) -> str:
        base = self._options.socket_url
        if base is None:
            scheme = "wss" if self._url.scheme == "https" else "ws"
            base = str(self._url.copy_with(scheme=scheme, path="/ws"))
        return f"{base.rstrip('/')}/{session.user.id}"

    @property
    def _engine(self) -> Engine:
        return self._running[0]

    @property
    def _session(self) -> Session:
        return self._running[1]

    @property
    def _running(self) -> tuple[Engine, Session]:
        if self._started is None:
            raise StoppedError("use it in an `async with`")
        return self._started


async def _sign_out(session: Session) -> None:
    with suppress(TandemError):
        await session.close()
