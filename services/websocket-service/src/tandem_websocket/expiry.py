"""Which sockets' tokens have ended: one wheel of seconds instead of a timer for each socket (WS4)."""

import math
from collections import defaultdict

from tandem_websocket.connection import Connection


class ExpiryWheel:
    """Connections by the second in which their token ends."""

    def __init__(self) -> None:
        self._by_second: defaultdict[int, set[Connection]] = defaultdict(set)

    def add(self, connection: Connection) -> None:
        """Watch ``connection.expires_at``; `remove` it before that changes."""
        self._by_second[math.ceil(connection.expires_at)].add(connection)

    def remove(self, connection: Connection) -> None:
        """Stop watching. Unknown connections are passed over."""
        second = math.ceil(connection.expires_at)
        if second in self._by_second:
            self._by_second[second].discard(connection)
            if not self._by_second[second]:
                del self._by_second[second]

    def pop_expired(self, now: float) -> list[Connection]:
        """Return, and stop watching, the connections whose token ended.

        Args:
            now: Seconds since 1970.
        """
        past = sorted(second for second in self._by_second if second <= now)
        return [connection for second in past for connection in self._by_second.pop(second)]
