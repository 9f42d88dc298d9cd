"""Close codes of the socket, in two ranges (WS10): 4000 to 4499 come back, 4500 to 4999 do not."""

from enum import IntEnum


class CloseCode(IntEnum):
    """Why the server closes a socket. SPEC.md says what a client does then."""

    SERVICE_RESTART = 1012
    SLOW_CONSUMER = 4001
    TOKEN_EXPIRED = 4002
    RATE_LIMITED = 4003
    SESSION_ENDED = 4500
    TOO_MANY_CONNECTIONS = 4501
    BAD_MESSAGES = 4502
