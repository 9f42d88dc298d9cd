"""Audit lines about sockets (AL1): each connection has a few, deliveries to sockets have none of their own."""

from collections.abc import Callable, Sequence
from typing import Final

from tandem_platform.audit import AuditLog, Value
from tandem_platform.tokens import AccessClaims
from tandem_protocol.events import TaskEvent
from tandem_websocket.authentication import is_identifier
from tandem_websocket.connection import AsgiConnection, Connection
from tandem_websocket.peer import Peer

SUM_SECONDS: Final = 60.0
"""How often deliveries are summed up. At thousands of events a second a line for each would be most of the log."""


class SocketAudit:
    """Says what happens to sockets."""

    def __init__(self, log: AuditLog, *, each_delivery: bool, monotonic: Callable[[], float]) -> None:
        """Create it.

        Args:
            log: Takes the lines.
            each_delivery: Write a line for every event that reached a socket, instead of a sum.
            monotonic: Seconds of a clock that does not go back.
        """
        self._log = log
        self._each_delivery = each_delivery
        self._monotonic = monotonic
        self._events = 0
        self._deliveries = 0
        self._summed_at = monotonic()

    def refused(self, peer: Peer, reason: str, path_user: str, claims: AccessClaims | None) -> None:
        """Write that a handshake was refused.

        Args:
            peer: Who knocked.
            reason: As in the metrics.
            path_user: Whose socket was asked for; anything that is no id is left out, it could be a token.
            claims: Of the token, where it was good.
        """
        self._write(
            "connect_refused",
            peer,
            reason=reason,
            user=claims.user_id if claims else None,
            session=claims.session_id if claims else None,
            path_user=path_user if is_identifier(path_user) else None,
        )

    def connected(self, connection: Connection) -> None:
        """Write that a handshake was accepted."""
        self._about("connect", connection)

    def subscribed(self, connection: Connection) -> None:
        """Write that a socket gets events from now on: those whose audience names its user (EV6)."""
        self._about("subscribe", connection, audience=connection.user_id)

    def rate_limited(self, connection: Connection) -> None:
        """Write that a socket has begun to send more than it may (WS5)."""
        self._about("rate_limited", connection)

    def disconnected(self, connection: AsgiConnection, opened_at: float) -> None:
        """Write the end of a connection, and what it got and sent.

        Args:
            connection: Ended.
            opened_at: When it was accepted, by the clock that does not go back.
        """
        self._about(
            "disconnect",
            connection,
            code=connection.close_code,
            closed_by="service" if connection.closing else "client",
            seconds=round(self._monotonic() - opened_at, 3),
            deliveries=connection.deliveries,
            messages=connection.messages,
        )

    def sessions_revoked(self, sessions: Sequence[str], sockets: int, user: str | None, trace: str | None) -> None:
        """Write that sessions have ended, and how many sockets were closed for it (WS8).

        What the backend repeats when it is asked, and nobody is connected by, is not written again.
        """
        if user is None and sockets == 0:
            return
        self._log.write("session_revoked", trace=trace, user=user, sessions=list(sessions), sockets=sockets)

    def forged_event(self, reason: str, key: str | None) -> None:
        """Write that an event was dropped that no backend signed (EV9). What it said is nobody's words."""
        self._log.write("forged_event", reason=reason, key=key)

    def delivered(self, event: TaskEvent, sockets: int) -> None:
        """Count an event that was handed to sockets, or write a line about it."""
        if not self._each_delivery:
            self._events += 1
            self._deliveries += sockets
            return
        self._log.write(
            "delivery",
            trace=event.trace,
            event_type=event.event_type.value,
            event_id=event.event_id,
            user=event.actor.user_id,
            session=event.actor.device_id,
            space=event.space,
            seq=event.seq,
            sockets=sockets,
        )

    def sum_up_when_due(self) -> None:
        """Write the sum of the deliveries, once a minute."""
        if self._monotonic() - self._summed_at >= SUM_SECONDS:
            self.sum_up()

    def sum_up(self) -> None:
        """Write the sum of the deliveries since the last one, if there were any."""
        now = self._monotonic()
        if self._events:
            seconds = round(now - self._summed_at, 3)
            self._log.write("deliveries", events=self._events, deliveries=self._deliveries, seconds=seconds)
        self._events = self._deliveries = 0
        self._summed_at = now

    def _about(self, event: str, connection: Connection, **more: Value) -> None:
        self._write(
            event,
            connection.peer,
            user=connection.user_id,
            session=connection.session_id,
            connection=connection.id,
            **more,
        )

    def _write(self, event: str, peer: Peer, **values: Value) -> None:
        self._log.write(
            event,
            trace=peer.trace,
            **values,
            address=peer.address,
            user_agent=peer.user_agent,
            origin=peer.origin,
        )
