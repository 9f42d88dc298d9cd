"""Limits that hold on both sides. Lengths count Unicode code points, as JSON Schema does."""

from typing import Final

TITLE_MAX: Final = 500
DESCRIPTION_MAX: Final = 20_000
NAME_MAX: Final = 100
EMAIL_MAX: Final = 254
PASSWORD_MIN: Final = 8
PASSWORD_MAX: Final = 256
IDEMPOTENCY_KEY_MAX: Final = 255
ZONE_MAX: Final = 64

FEED_PAGE_DEFAULT: Final = 1_000
"""Changes in one answer of the feed when the client names no limit."""
FEED_PAGE_MAX: Final = 10_000

INBOUND_FRAME_MAX: Final = 16 * 1024
"""Bytes of one message that a client may send over the socket (WS6)."""

GAP_WAIT_MS: Final = 150
"""How long a client waits for a missing event before it pulls (CL2)."""

BACKOFF_SECONDS: Final = (1, 2, 4, 8, 16, 30)
"""Waiting times between a client's attempts to connect; the last one repeats (CL11)."""
RECONNECT_ATTEMPTS: Final = 10
"""Attempts in a row after which a client rests and offers a button (CL11)."""
