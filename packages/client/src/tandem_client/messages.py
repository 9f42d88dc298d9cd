"""What comes over the socket."""

from pydantic import TypeAdapter, ValidationError

from tandem_protocol.messages import ServerMessage

_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)


def parse_message(text: str | bytes) -> ServerMessage | None:
    """Read a message; ``None`` is one that this client does not understand, which it must ignore (WS11).

    A change in a message that cannot be read is missed like one that never came: the heads tell of it (CL5).
    """
    try:
        return _MESSAGE.validate_json(text)
    except ValidationError:
        return None
