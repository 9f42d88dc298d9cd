"""What can be done to tasks. Each function returns a command for `mutations.perform`."""

from http import HTTPStatus

from sqlalchemy import Connection

from tandem_backend.domain.tasks import Columns, TaskRecord, changed, created, document, event_type
from tandem_backend.services.events import task_event
from tandem_backend.services.mutations import Command, Done, Mutation
from tandem_backend.storage import outbox, spaces, tasks
from tandem_backend.storage.sessions import Actor
from tandem_platform.problems import ProblemError
from tandem_protocol.events import TaskEventType
from tandem_protocol.problems import ProblemCode
from tandem_protocol.tasks import TaskCreate, TaskPatch


def create(body: TaskCreate, task_id: str) -> Command:
    """Return the command that makes a task; ``task_id`` is the client's id, or a fresh one (WR1)."""

    def command(connection: Connection, actor: Actor, mutation: Mutation) -> Done:
        space = body.space or actor.inbox_id
        room = tasks.room(connection, actor.user_id, space, task_id)
        if actor.user_id not in room.audience:
            raise ProblemError(ProblemCode.SPACE_NOT_FOUND, "You have no list with this id.")
        if room.taken:
            if room.deleted:
                raise _deleted()
            raise ProblemError(ProblemCode.TASK_EXISTS, "There is a task with this id already.")
        place = spaces.advance(connection, space)
        columns = created(body, user_id=actor.user_id, now=mutation.now)
        task = TaskRecord(id=task_id, space_id=space, seq=place.seq, **columns)
        tasks.add(connection, task)
        _publish(connection, TaskEventType.CREATED, task, place, room.audience, actor, mutation)
        return Done(HTTPStatus.CREATED, document(task))

    return command


def patch(task_id: str, body: TaskPatch) -> Command:
    """Return the command that changes the named fields of a task (WR2)."""

    def command(connection: Connection, actor: Actor, mutation: Mutation) -> Done:
        task = _find(connection, actor, task_id)
        if task.deleted_at is not None:
            raise _deleted()
        columns = changed(task, body, mutation.now)
        if not columns:
            return Done(HTTPStatus.OK, document(task))
        task = _write(connection, task, columns, event_type(columns), actor, mutation)
        return Done(HTTPStatus.OK, document(task))

    return command


def delete(task_id: str) -> Command:
    """Return the command that deletes a task and leaves its tombstone (SP4, WR3)."""

    def command(connection: Connection, actor: Actor, mutation: Mutation) -> Done:
        task = _find(connection, actor, task_id)
        if task.deleted_at is None:
            columns = {"deleted_at": mutation.now}
            task = _write(connection, task, columns, TaskEventType.DELETED, actor, mutation)
        return Done(HTTPStatus.OK, {"id": task.id, "space": task.space_id, "seq": task.seq})

    return command


def restore(task_id: str) -> Command:
    """Return the command that brings a deleted task back as it was (WR3)."""

    def command(connection: Connection, actor: Actor, mutation: Mutation) -> Done:
        task = _find(connection, actor, task_id)
        if task.deleted_at is not None:
            columns = {"deleted_at": None, "updated_at": mutation.now}
            task = _write(connection, task, columns, TaskEventType.CREATED, actor, mutation)
        return Done(HTTPStatus.OK, document(task))

    return command


def _find(connection: Connection, actor: Actor, task_id: str) -> TaskRecord:
    task = tasks.find(connection, actor.user_id, task_id, for_update=True)
    if task is None:
        raise ProblemError(ProblemCode.TASK_NOT_FOUND, "You have no task with this id.")
    return task


def _deleted() -> ProblemError:
    return ProblemError(ProblemCode.TASK_DELETED, "The task was deleted; restore it first.")


def _write(
    connection: Connection,
    task: TaskRecord,
    columns: Columns,
    kind: TaskEventType,
    actor: Actor,
    mutation: Mutation,
) -> TaskRecord:
    audience = spaces.audience(connection, task.space_id)
    place = spaces.advance(connection, task.space_id)
    task = tasks.change(connection, task, {**columns, "seq": place.seq})
    _publish(connection, kind, task, place, audience, actor, mutation)
    return task


def _publish(
    connection: Connection,
    kind: TaskEventType,
    task: TaskRecord,
    place: spaces.Advance,
    audience: list[str],
    actor: Actor,
    mutation: Mutation,
) -> None:
    event = task_event(
        kind,
        document(task),
        place=place,
        actor=actor,
        mutation=mutation,
        audience=audience,
    )
    outbox.add(connection, event)
