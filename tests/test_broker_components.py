"""The Dapr components of other brokers: fields that the components know, and no secrets in the files."""

from pathlib import Path
from typing import Any

import pytest
import yaml

_BROKERS = Path(__file__).parents[1] / "deploy" / "dapr" / "brokers"
# What the runtime itself reads of any broker's component.
_SCOPES = {"publishingScopes", "subscriptionScopes", "protectedTopics"}
# Fields as components-contrib v1.18.3 names them; Dapr says nothing about others and leaves them out.
_KNOWN = {
    "pubsub.kafka": {
        "authType",
        "brokers",
        "caCert",
        "clientID",
        "consumeRetryEnabled",
        "consumerID",
        "initialOffset",
        "maxMessageBytes",
        "producerRequiredAcks",
        "saslMechanism",
        "saslPassword",
        "saslUsername",
    },
    "pubsub.jetstream": {
        "ackPolicy",
        "ackWait",
        "concurrency",
        "deliverPolicy",
        "durableName",
        "maxAckPending",
        "name",
        "natsURL",
        "streamName",
    },
    "pubsub.rabbitmq": {
        "caCert",
        "clientName",
        "concurrency",
        "connectionString",
        "consumerID",
        "deletedWhenUnused",
        "deliveryMode",
        "durable",
        "exchangeKind",
        "maxLen",
        "prefetchCount",
        "publisherConfirm",
        "requeueInFailure",
        "ttlInSeconds",
    },
}
_OWN_CONSUMER = {"pubsub.kafka": "consumerID", "pubsub.jetstream": "durableName", "pubsub.rabbitmq": "consumerID"}
_SECRET = {"pubsub.kafka": "saslPassword", "pubsub.jetstream": "natsURL", "pubsub.rabbitmq": "connectionString"}
_GROUPS = {"consumerGroup", "queueGroupName"}


def load(broker: str, role: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return a component, and its fields by name."""
    document: dict[str, Any] = yaml.safe_load((_BROKERS / broker / f"{role}.yaml").read_text())
    items: list[dict[str, Any]] = document["spec"]["metadata"]
    fields = {item["name"]: item for item in items}
    assert len(fields) == len(items), "a field twice"
    return document, fields


@pytest.mark.parametrize("role", ["publisher", "subscriber"])
@pytest.mark.parametrize("broker", ["kafka", "nats-jetstream", "rabbitmq"])
def test_component_has_known_fields_and_no_secret(broker: str, role: str) -> None:
    document, fields = load(broker, role)
    kind = document["spec"]["type"]
    assert (document["kind"], document["metadata"]["name"], document["spec"]["version"]) == (
        "Component",
        "taskpubsub",
        "v1",
    )
    assert set(fields) - _SCOPES - _KNOWN[kind] == set()
    assert set(fields) >= _SCOPES
    assert "secretKeyRef" in fields[_SECRET[kind]]
    assert "value" not in fields[_SECRET[kind]]
    assert document["auth"] == {"secretStore": "tandem-secrets"}
    # Dapr reads texts; a bare number or boolean of YAML would be something else.
    assert all(isinstance(field["value"], str) for field in fields.values() if "value" in field)


@pytest.mark.parametrize("broker", ["kafka", "nats-jetstream", "rabbitmq"])
def test_every_replica_gets_every_event_and_nobody_else_publishes(broker: str) -> None:
    (publishing, publisher), (subscribing, subscriber) = load(broker, "publisher"), load(broker, "subscriber")
    assert (publishing["scopes"], subscribing["scopes"]) == (["backend"], ["websocket-service"])
    assert publisher["publishingScopes"]["value"] == "backend=task-updates"
    assert subscriber["publishingScopes"]["value"] == "websocket-service=task-updates-poison"
    assert subscriber["subscriptionScopes"]["value"] == "websocket-service=task-updates"
    assert subscriber[_OWN_CONSUMER[subscribing["spec"]["type"]]]["value"] == "{podName}"
    assert not _GROUPS & set(subscriber)


def test_both_sides_declare_rabbitmqs_exchange_alike() -> None:
    _, publisher = load("rabbitmq", "publisher")
    _, subscriber = load("rabbitmq", "subscriber")
    for name in ("exchangeKind", "durable", "deletedWhenUnused"):
        assert publisher[name] == subscriber[name]
