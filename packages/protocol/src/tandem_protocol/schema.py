"""Export of the wire format as JSON Schema, and its fingerprint."""

import hashlib
import json
from typing import Any, Final, cast

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from tandem_protocol import accounts, close_codes, events, feed, heads, limits, messages, problems, tasks
from tandem_protocol.version import BEARER_PREFIX, PROTOCOL_VERSION, SUBPROTOCOL

INWARD: Final[tuple[type[BaseModel], ...]] = (
    accounts.Register,
    accounts.Login,
    accounts.ProfilePatch,
    accounts.PasswordChange,
    tasks.TaskCreate,
    tasks.TaskPatch,
    events.TaskEvent,
    events.SessionRevoked,
    events.Canary,
    messages.ClientPong,
    messages.ClientPing,
    messages.ClientToken,
    heads.HeadsRequest,
    heads.CanaryRequest,
)
OUTWARD: Final[tuple[type[BaseModel], ...]] = (
    accounts.Authenticated,
    accounts.User,
    accounts.SessionList,
    accounts.ServerInfo,
    tasks.Task,
    tasks.TaskDeleted,
    tasks.TaskList,
    feed.Changes,
    heads.HeadsReply,
    messages.Hello,
    messages.TaskUpdate,
    messages.Ping,
    messages.Pong,
    messages.SocketError,
    messages.TokenAccepted,
    messages.Reconnect,
    problems.Problem,
)
SOCKET: Final[tuple[type[BaseModel], ...]] = (
    messages.Hello,
    messages.TaskUpdate,
    messages.Ping,
    messages.Pong,
    messages.SocketError,
    messages.TokenAccepted,
    messages.Reconnect,
    messages.ClientPong,
    messages.ClientPing,
    messages.ClientToken,
)

Json = dict[str, Any]


def definitions(models: tuple[type[BaseModel], ...], ref_template: str = "#/$defs/{model}") -> Json:
    """Return the JSON Schema of each model by name, with those that they contain."""
    inward = frozenset(INWARD)
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (model, "validation" if model in inward else "serialization") for model in models
    ]
    _, schema = models_json_schema(wanted, ref_template=ref_template)
    found: Json = schema["$defs"]
    return found


def json_schema() -> Json:
    """Return the whole wire format as one JSON Schema document."""
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": "Tandem protocol",
        "version": PROTOCOL_VERSION,
        "$defs": dict(sorted(definitions(INWARD + OUTWARD).items())),
    }


def constants() -> Json:
    """Return the limits and codes that clients need as values rather than as types."""
    return {
        "PROTOCOL_VERSION": PROTOCOL_VERSION,
        "SUBPROTOCOL": SUBPROTOCOL,
        "BEARER_PREFIX": BEARER_PREFIX,
        **{name: getattr(limits, name) for name in sorted(vars(limits)) if name.isupper()},
        "CLOSE_CODES": {code.name: code.value for code in close_codes.CloseCode},
    }


def fingerprint() -> str:
    """Return a hash of the wire format, free of what is only prose (descriptions and titles)."""
    bare = {"$defs": _without_prose(json_schema()["$defs"], named=True), "constants": constants()}
    canonical = json.dumps(bare, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def adapter(name: str) -> TypeAdapter[BaseModel]:
    """Return the validator of the model called ``name``.

    Raises:
        KeyError: There is none of that name.
    """
    by_name = {model.__name__: model for model in INWARD + OUTWARD}
    return TypeAdapter(by_name[name])


def _without_prose(node: Any, *, named: bool = False) -> Any:
    """Drop descriptions and titles, but not properties that happen to be called so.

    Args:
        node: Any part of a JSON Schema.
        named: Whether the keys of ``node`` are names that the format gives (of properties, of definitions).
    """
    match node:
        case dict():
            return {
                key: _without_prose(value, named=not named and key in {"properties", "$defs"})
                for key, value in cast("Json", node).items()
                if named or key not in {"description", "title"}
            }
        case list():
            return [_without_prose(value) for value in cast("list[Any]", node)]
        case _:
            return node
