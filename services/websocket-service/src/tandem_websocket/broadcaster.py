"""Who is connected, and handing frames to them. Nothing here waits for a client (WS7)."""

from collections.abc import Callable, Iterable

from tandem_protocol.close_codes import CloseCode
from tandem_websocket.connection import Connection
from tandem_websocket.expiry import ExpiryWheel
from tandem_websocket.frames import Frame
from tandem_websocket.metrics import Metrics


class Broadcaster:
    """The connections by user."""

    def __init__(self, *, max_connections_per_user: int, metrics: Metrics) -> None:
        """Create it without connections.

        Args:
            max_connections_per_user: See HS3.
            metrics: Where deliveries and closes are counted.
        """
        self._max_connections_per_user = max_connections_per_user
        self._metrics = metrics
        self._by_user: dict[str, dict[str, Connection]] = {}
        self._expiries = ExpiryWheel()
        self._count = 0

    @property
    def count(self) -> int:
        """How many sockets are open."""
        return self._count

    def is_connected(self, users: Iterable[str]) -> bool:
        """Tell whether any of the users has an open socket."""
        return any(user in self._by_user for user in users)

    def connections_per_user(self) -> dict[str, int]:
        """Return how many sockets each connected user has."""
        return {user: len(connections) for user, connections in self._by_user.items()}

    def sessions_by_user(self) -> dict[str, set[str]]:
        """Return the sessions of each connected user's sockets."""
        return {
            user: {connection.session_id for connection in connections.values()}
            for user, connections in self._by_user.items()
        }

    def add(self, connection: Connection) -> bool:
        """Take a connection in; False if its user has as many as are allowed (HS3)."""
        connections = self._by_user.get(connection.user_id, {})
        if len(connections) >= self._max_connections_per_user:
            return False
        connections[connection.id] = connection
        self._by_user[connection.user_id] = connections
        self._expiries.add(connection)
        self._count += 1
        self._show_counts()
        return True

    def remove(self, connection: Connection) -> None:
        """Forget a connection; one that is not known is passed over."""
        connections = self._by_user.get(connection.user_id)
        if connections is None or connections.pop(connection.id, None) is None:
            return
        if not connections:
            del self._by_user[connection.user_id]
        self._expiries.remove(connection)
        self._count -= 1
        self._show_counts()

    def send(self, connection: Connection, frame: Frame) -> None:
        """Hand a frame to one socket; one that does not keep up is closed (WS7)."""
        if not connection.send(frame):
            self._metrics.slow_consumers.inc()
            self.close(connection, CloseCode.SLOW_CONSUMER)

    def deliver(self, frame: Frame, users: Iterable[str]) -> int:
        """Hand a frame to every socket of the users (EV6) and return how many there were."""
        delivered = 0
        for user in users:
            connections = self._by_user.get(user)
            if connections:
                delivered += len(connections)
                for connection in tuple(connections.values()):
                    self.send(connection, frame)
        return delivered

    def close(self, connection: Connection, code: CloseCode) -> None:
        """Close a socket and forget it at once: nothing is delivered to it any more."""
        self.remove(connection)
        self.count_close(code)
        connection.close(code)

    def count_close(self, code: CloseCode) -> None:
        """Count a close of the service's own."""
        self._metrics.closes.labels(str(int(code))).inc()

    def close_sessions(self, sessions: Iterable[str], user_id: str | None = None) -> int:
        """Close the sockets of ended sessions (WS8), and return how many there were.

        Args:
            sessions: Which sessions.
            user_id: Whose they are, if that is known; saves looking at everybody's.
        """
        ended = frozenset(sessions)
        users = tuple(self._by_user.values()) if user_id is None else (self._by_user.get(user_id, {}),)
        closing = [
            connection for connections in users for connection in connections.values() if connection.session_id in ended
        ]
        for connection in closing:
            self.close(connection, CloseCode.SESSION_ENDED)
        return len(closing)

    def close_all(self, code: CloseCode, farewell: Callable[[], Frame]) -> None:
        """Close every socket after a last message, made anew for each."""
        for connections in tuple(self._by_user.values()):
            for connection in tuple(connections.values()):
                connection.send(farewell())
                self.close(connection, code)

    def renew(self, connection: Connection, expires_at: float) -> None:
        """Let a connection live until its new token ends, in seconds since 1970 (WS4)."""
        if connection.id in self._by_user.get(connection.user_id, {}):
            self._expiries.remove(connection)
            connection.expires_at = expires_at
            self._expiries.add(connection)

    def close_expired(self, now: float) -> None:
        """Close the sockets whose token ended; ``now`` is seconds since 1970 (WS4)."""
        for connection in self._expiries.pop_expired(now):
            self.close(connection, CloseCode.TOKEN_EXPIRED)

    def _show_counts(self) -> None:
        self._metrics.connections.set(self._count)
        self._metrics.active_users.set(len(self._by_user))
