"""Routes of tasks."""

from http import HTTPStatus

import orjson
from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from tandem_backend.api.authentication import Owner
from tandem_backend.api.context import Context, InContext
from tandem_backend.api.idempotency_key import Key
from tandem_backend.api.lean_route import LeanRoute
from tandem_backend.domain.tasks import document
from tandem_backend.services import feed, task_commands
from tandem_backend.services.mutations import Command, Mutation, acting, fingerprint, is_refusal, perform
from tandem_backend.storage import tasks
from tandem_platform.problems import ProblemError
from tandem_platform.request_trace import incoming_trace, remember_trace
from tandem_platform.tokens import AccessClaims
from tandem_protocol.base import Identifier
from tandem_protocol.problems import ProblemCode
from tandem_protocol.tasks import Task, TaskCreate, TaskDeleted, TaskList, TaskPatch

router = APIRouter(prefix="/api/{user_id}/tasks", tags=["tasks"], route_class=LeanRoute)


@router.post("", status_code=HTTPStatus.CREATED, response_model=Task)
async def create(body: TaskCreate, claims: Owner, context: InContext, key: Key, request: Request) -> Response:
    """Make a task."""
    command = task_commands.create(body, body.id or context.new_id())
    return await _perform(context, request, claims, key, command, "create", body.model_dump_json(exclude_unset=True))


@router.get("", response_model=TaskList)
async def list_tasks(claims: Owner, context: InContext) -> Response:
    """Return all tasks, and the cursor at which the change feed goes on."""
    return _json(await context.database.read(lambda connection: feed.task_list(connection, claims)))


@router.get("/{task_id}", response_model=Task)
async def read(task_id: Identifier, claims: Owner, context: InContext) -> Response:
    """Return a task."""

    def operation(connection: Connection) -> bytes:
        task = tasks.find(connection, acting(connection, claims).user_id, task_id)
        if task is None:
            raise ProblemError(ProblemCode.TASK_NOT_FOUND, "You have no task with this id.")
        if task.deleted_at is not None:
            raise ProblemError(ProblemCode.TASK_DELETED, "The task was deleted.")
        return orjson.dumps(document(task))

    return _json(await context.database.read(operation))


@router.patch("/{task_id}", response_model=Task)
async def patch(
    task_id: Identifier, body: TaskPatch, claims: Owner, context: InContext, key: Key, request: Request
) -> Response:
    """Change the named fields of a task (WR2)."""
    command = task_commands.patch(task_id, body)
    return await _perform(
        context, request, claims, key, command, "patch", task_id, body.model_dump_json(exclude_unset=True)
    )


@router.delete("/{task_id}", response_model=TaskDeleted)
async def delete(task_id: Identifier, claims: Owner, context: InContext, key: Key, request: Request) -> Response:
    """Delete a task (WR3)."""
    return await _perform(context, request, claims, key, task_commands.delete(task_id), "delete", task_id)


@router.post("/{task_id}/complete", response_model=Task)
async def complete(task_id: Identifier, claims: Owner, context: InContext, key: Key, request: Request) -> Response:
    """Mark a task as done."""
    command = task_commands.patch(task_id, TaskPatch(completed=True))
    return await _perform(context, request, claims, key, command, "complete", task_id)


@router.post("/{task_id}/restore", response_model=Task)
async def restore(task_id: Identifier, claims: Owner, context: InContext, key: Key, request: Request) -> Response:
    """Bring a deleted task back."""
    return await _perform(context, request, claims, key, task_commands.restore(task_id), "restore", task_id)


async def _perform(
    context: Context, request: Request, claims: AccessClaims, key: str | None, command: Command, *identity: str
) -> Response:
    """Do a write; ``identity`` is what tells this request from another one under the same key."""
    with context.tracing.span(f"{identity[0]} task", "server", incoming_trace(request)) as trace:
        remember_trace(request, trace)
        mutation = Mutation(claims, key, fingerprint(*identity), context.now(), context.new_id(), trace)
        answer = await context.database.write(lambda connection: perform(connection, mutation, command))
    headers = {"idempotency-replayed": "true"} if answer.replayed else None
    media_type = "application/problem+json" if is_refusal(answer) else "application/json"
    return Response(answer.body, answer.status, headers, media_type)


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})
