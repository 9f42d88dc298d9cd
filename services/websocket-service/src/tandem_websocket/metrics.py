"""What the service counts, for Prometheus. No labels by user: their number has no bound."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """The counters of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry()
        self.connections: Final = self._gauge("connections", "Open sockets")
        self.active_users: Final = self._gauge("active_users", "Users with an open socket")
        self.events: Final = self._counter("events", "Events that came from the bus", "type")
        self.events_dropped: Final = self._counter("events_dropped", "Events that could not be read", "reason")
        self.hears_events: Final = self._gauge("hears_events", "Whether the last canary came through (1) or not (0)")
        self.deliveries: Final = self._counter("deliveries", "Task updates handed to sockets")
        self.handshakes: Final = self._counter("handshakes", "Accepted handshakes")
        self.handshakes_refused: Final = self._counter("handshakes_refused", "Refused handshakes", "reason")
        self.messages_refused: Final = self._counter(
            "messages_refused", "Messages of clients that were answered by an error", "code"
        )
        self.closes: Final = self._counter("closes", "Sockets that the service closed", "code")
        self.slow_consumers: Final = self._counter(
            "slow_consumers", "Sockets closed because their client did not keep up"
        )
        self.heartbeat_failures: Final = self._counter(
            "heartbeat_failures", "Heartbeats for which the backend did not tell the heads"
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"tandem_websocket_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"tandem_websocket_{name}", text, registry=self.registry)
