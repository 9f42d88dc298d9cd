"""The Helm chart's Dapr resources are those that are tried with a real sidecar outside Kubernetes."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tandem_testing.chart import Manifest, Rendered

DAPR = Path(__file__).parents[1] / "deploy" / "dapr"


@pytest.fixture
def plain() -> Rendered:
    return Rendered.of("existing-secrets-values.yaml")


def original(kind: str, scopes: list[str] | None) -> Manifest:
    """Return the resource of a kind and of some programs, as it is without Kubernetes."""
    files = [path for path in DAPR.rglob("*.yaml") if "brokers" not in path.parts]
    manifests: list[Manifest] = [yaml.safe_load(path.read_text()) for path in files]
    (found,) = [one for one in manifests if one["kind"] == kind and one.get("scopes") == scopes]
    return found


def fields(component: Manifest) -> dict[str, Any]:
    """Return a component's fields with a value; where Redis is and its password are each installation's own."""
    own = {"redisHost", "redisPassword", "enableTLS"}
    items = component["spec"]["metadata"]
    assert own <= {item["name"] for item in items}
    return {item["name"]: item["value"] for item in items if item["name"] not in own}


@pytest.mark.parametrize(
    ("name", "scopes"), [("taskpubsub-publisher", ["backend"]), ("taskpubsub", ["websocket-service"])]
)
def test_components(plain: Rendered, name: str, scopes: list[str]) -> None:
    wanted, component = original("Component", scopes), plain.one("Component", name)
    assert fields(component) == fields(wanted)
    assert component["scopes"] == scopes
    for part in ("type", "version"):
        assert component["spec"][part] == wanted["spec"][part]


@pytest.mark.parametrize("kind", ["Subscription", "Resiliency"])
def test_subscription_and_resiliency(plain: Rendered, kind: str) -> None:
    wanted = original(kind, ["websocket-service"])
    copy = plain.one(kind, wanted["metadata"]["name"])
    for part in ("apiVersion", "spec", "scopes"):
        assert copy[part] == wanted[part]


def test_configuration_allows_the_calls_of_the_other_service_besides(plain: Rendered) -> None:
    wanted = original("Configuration", None)
    backend, websocket = (plain.one("Configuration", f"todo-{part}")["spec"] for part in ("backend", "websocket"))
    assert backend["api"] == websocket["api"] == wanted["spec"]["api"]
    assert backend["secrets"] == websocket["secrets"]
    assert backend["secrets"]["scopes"] == [{"storeName": "kubernetes", "defaultAccess": "deny"}]
    assert websocket["accessControl"] == {"defaultAction": "deny", "trustDomain": "public"}
    (caller,) = backend["accessControl"]["policies"]
    assert (caller["appId"], caller["namespace"], caller["defaultAction"]) == ("websocket-service", "lists", "deny")
    calls = {one["name"] for one in caller["operations"]}
    assert calls == {"/internal/heads", "/internal/canary", "/.well-known/jwks.json"}
