"""The version of the wire format."""

from typing import Final

PROTOCOL_VERSION: Final = 1
"""Grows with every change of the wire format; clients read it in the ``hello`` message (HS4).

``schema/fingerprints.json`` holds a hash of the format for each version, and a test compares: whoever changes
a model has to decide whether old clients still understand it.
"""

SUBPROTOCOL: Final = "tandem.v1"
"""The WebSocket subprotocol (RFC 6455 section 1.9) that the server accepts."""

BEARER_PREFIX: Final = "bearer."
"""A subprotocol that starts so carries the access token, which keeps it out of access logs (HS1)."""
