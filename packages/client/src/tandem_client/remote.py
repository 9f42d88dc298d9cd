"""The server as the engine sees it."""

from typing import Protocol, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from tandem_client.edits import Delete, Edit
from tandem_client.errors import RefusedError, UnavailableError
from tandem_client.http import Http
from tandem_client.session import Session, is_about_the_token
from tandem_protocol.feed import Changes
from tandem_protocol.tasks import Task, TaskCreate, TaskDeleted, TaskPatch

_Model = TypeVar("_Model", bound=BaseModel)


class Remote(Protocol):
    """What the engine asks.

    All raise `UnavailableError`, `RefusedError` or `SessionEndedError`; a token that was refused has been replaced
    once (CL9).
    """

    async def changes(self, cursor: str | None) -> Changes:
        """Return a page of the change feed; ``None`` is no cursor (FD1)."""
        ...

    async def write(self, edit: Edit) -> Task | TaskDeleted:
        """Send an edit under its key (WR4)."""
        ...

    async def find(self, task_id: str) -> Task:
        """Return a task (CL10)."""
        ...


class HttpRemote:
    """A server behind HTTP; see `Remote`."""

    def __init__(self, http: Http, session: Session) -> None:
        """Create it, for the session's user."""
        self._http = http
        self._session = session
        self._path = f"/api/{session.user.id}"

    async def changes(self, cursor: str | None) -> Changes:
        """See `Remote.changes`."""
        query = {} if cursor is None else {"cursor": cursor}
        return _read(Changes, await self._call("GET", "changes", query=query))

    async def write(self, edit: Edit) -> Task | TaskDeleted:
        """See `Remote.write`."""
        change, path = edit.change, _task_path(edit.task_id)
        if isinstance(change, TaskCreate):
            return _read(Task, await self._call("POST", "tasks", key=edit.key, body=change))
        if isinstance(change, TaskPatch):
            return _read(Task, await self._call("PATCH", path, key=edit.key, body=change))
        if isinstance(change, Delete):
            return _read(TaskDeleted, await self._call("DELETE", path, key=edit.key))
        return _read(Task, await self._call("POST", f"{path}/restore", key=edit.key))

    async def find(self, task_id: str) -> Task:
        """See `Remote.find`."""
        return _read(Task, await self._call("GET", _task_path(task_id)))

    async def _call(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: BaseModel | None = None,
        query: dict[str, str] | None = None,
    ) -> bytes:
        token, path = await self._session.token(), f"{self._path}/{path}"
        try:
            return await self._http.call(method, path, token=token, key=key, body=body, query=query)
        except RefusedError as error:
            if not is_about_the_token(error):
                raise
        # A second refusal is the answer: a token that is fresh is not going to get better.
        token = await self._session.another(token)
        return await self._http.call(method, path, token=token, key=key, body=body, query=query)


def _task_path(task_id: str) -> str:
    return f"tasks/{quote(task_id, safe='')}"


def _read(model: type[_Model], content: bytes) -> _Model:
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        # A captive portal, or something else that is not Tandem.
        raise UnavailableError("the answer cannot be read") from error
