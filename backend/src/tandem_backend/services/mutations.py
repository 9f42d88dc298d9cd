"""How every write on tasks is done: one transaction with its event, its answer and its Idempotency-Key (WR4)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from tandem_backend.storage import idempotency, sessions
from tandem_backend.storage.idempotency import StoredAnswer
from tandem_backend.storage.sessions import Actor
from tandem_platform.problems import ProblemError
from tandem_platform.tokens import AccessClaims
from tandem_protocol.problems import ProblemCode


@dataclass(frozen=True, slots=True)
class Mutation:
    """A write that somebody asked for.

    ``fingerprint`` tells two requests apart, ``now`` is milliseconds since 1970, ``event_id`` a fresh id,
    ``trace`` the request's ``traceparent``.
    """

    claims: AccessClaims
    key: str | None
    fingerprint: bytes
    now: int
    event_id: str
    trace: str | None = None

    @property
    def name(self) -> str:
        """Return by what the client recognises the event of its own write (CL13)."""
        return self.key or self.event_id


class Done(NamedTuple):
    """What a command did: the status and the JSON-ready body of its answer."""

    status: int
    body: dict[str, Any]


class Answer(NamedTuple):
    """An answer as bytes; ``replayed`` when it was given before."""

    status: int
    body: bytes
    replayed: bool = False


Command = Callable[[Connection, Actor, Mutation], Done]
"""What a write does. It raises `ProblemError` before it has written anything, or not at all."""


def fingerprint(*parts: str) -> bytes:
    """Return a hash that two requests share only if they ask for the same."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


def acting(connection: Connection, claims: AccessClaims) -> Actor:
    """Return who acts.

    Raises:
        ProblemError: The session has ended (AU5).
    """
    return _running(sessions.actor(connection, claims.user_id, claims.session_id))


def _running(actor: Actor | None) -> Actor:
    if actor is None:
        raise ProblemError(ProblemCode.SESSION_ENDED, "The session has ended; sign in again.")
    return actor


def perform(connection: Connection, mutation: Mutation, command: Command) -> Answer:
    """Do a write at most once, and keep its answer, refusals included.

    Raises:
        ProblemError: The session has ended, or the key belongs to another request. Nothing is kept then.
    """
    claims = mutation.claims
    if mutation.key is None:
        actor = acting(connection, claims)
    else:
        found, stored = idempotency.recall(connection, claims.user_id, claims.session_id, mutation.key)
        actor = _running(found)
        if stored is not None:
            if stored.fingerprint != mutation.fingerprint:
                raise ProblemError(
                    ProblemCode.IDEMPOTENCY_KEY_REUSED, "Use a new Idempotency-Key for each new request."
                )
            return Answer(stored.status, stored.body, replayed=True)
    try:
        done = command(connection, actor, mutation)
    except ProblemError as refusal:
        done = Done(refusal.problem.status, refusal.problem.model_dump(mode="json"))
    body = orjson.dumps(done.body)
    if mutation.key is not None:
        answer = StoredAnswer(mutation.fingerprint, done.status, body)
        idempotency.add(connection, actor.user_id, mutation.key, answer, mutation.now)
    return Answer(done.status, body)


def is_refusal(answer: Answer) -> bool:
    """Return whether the answer is a problem document."""
    return answer.status >= HTTPStatus.BAD_REQUEST
