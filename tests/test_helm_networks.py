"""Who reaches whom by the Helm chart: NetworkPolicies, and Dapr's own lists."""

import pytest

from tandem_testing.chart import CHART, Manifest, Rendered, selects
from tandem_websocket.metrics import Metrics

PORTS = {"backend": 8000, "websocket": 8005, "frontend": 8080}
STORES = {"postgresql": ["backend"], "redis": ["backend", "websocket"]}
STORE_PORTS = {"postgresql": 5432, "redis": 6379}


@pytest.fixture
def plain() -> Rendered:
    return Rendered.of("existing-secrets-values.yaml")


def parts_named(rendered: Rendered, peers: list[Manifest]) -> list[str]:
    """Return the parts of Tandem whose pods some peers are."""
    own = [
        peer["podSelector"]["matchLabels"]
        for peer in peers
        if "podSelector" in peer and "namespaceSelector" not in peer
    ]
    pods = {part: one["spec"]["template"] for part, one in rendered.workloads().items()}
    return sorted(part for part, pod in pods.items() if any(selects(labels, pod) for labels in own))


def policy(rendered: Rendered, part: str) -> Manifest:
    return rendered.one("NetworkPolicy", f"todo-{part}")["spec"]


@pytest.mark.parametrize("part", PORTS)
def test_only_the_ingress_reaches_the_programs(plain: Rendered, part: str) -> None:
    spec = policy(plain, part)
    pods = {name: one["spec"]["template"] for name, one in plain.workloads().items()}
    assert [name for name, pod in pods.items() if selects(spec["podSelector"]["matchLabels"], pod)] == [part]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    reaching = [rule["from"] for rule in spec["ingress"] if {"protocol": "TCP", "port": PORTS[part]} in rule["ports"]]
    assert reaching == [[{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}]]
    assert all(rule.get("from") and rule.get("ports") for rule in spec["ingress"]), "a rule without peers is for all"


def test_sidecars_call_the_backends_alone(plain: Rendered) -> None:
    (called,) = [rule for rule in policy(plain, "backend")["ingress"] if rule["ports"][0]["port"] == 50002]
    assert parts_named(plain, called["from"]) == ["websocket"]
    (calls,) = [
        rule for rule in policy(plain, "websocket")["egress"] if rule.get("ports", [{}])[0].get("port") == 50002
    ]
    assert parts_named(plain, calls["to"]) == ["backend"]


@pytest.mark.parametrize("store", STORES)
def test_who_reaches_the_stores(plain: Rendered, store: str) -> None:
    spec = policy(plain, store)
    assert spec["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": store}
    (rule,) = spec["ingress"]
    assert parts_named(plain, rule["from"]) == STORES[store]
    assert rule["ports"] == [{"protocol": "TCP", "port": STORE_PORTS[store]}]
    for part in PORTS:
        goes = [
            out["to"]
            for out in policy(plain, part)["egress"]
            if {"protocol": "TCP", "port": STORE_PORTS[store]} in out.get("ports", [])
        ]
        wanted = (
            [[{"podSelector": {"matchLabels": {"app.kubernetes.io/name": store}}}]] if part in STORES[store] else []
        )
        assert goes == wanted


def test_names_and_the_control_plane_are_reached(plain: Rendered) -> None:
    for part in ("backend", "websocket"):
        egress = policy(plain, part)["egress"]
        assert {"protocol": "UDP", "port": 53} in egress[0]["ports"]
        control = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "dapr-system"}}}]
        assert control in [rule["to"] for rule in egress]
        assert all(rule.get("to") for rule in egress), "a rule without peers is for all"
    assert policy(plain, "frontend")["egress"] == []


def test_stores_elsewhere_are_reached_by_their_address() -> None:
    rendered = Rendered.of("everything-values.yaml")
    names = {one["metadata"]["name"] for one in rendered.every("NetworkPolicy")}
    assert names == {"todo-backend", "todo-websocket", "todo-frontend"}
    reached = {
        peer["ipBlock"]["cidr"]: rule["ports"][0]["port"]
        for rule in policy(rendered, "backend")["egress"]
        for peer in rule["to"]
        if "ipBlock" in peer
    }
    assert reached == {"192.0.2.1/32": 5432, "192.0.2.2/32": 6380}


def test_sidecars(plain: Rendered) -> None:
    ids = {"backend": "backend", "websocket": "websocket-service"}
    for part, app_id in ids.items():
        workload = plain.workloads()[part]["spec"]["template"]
        annotations = workload["metadata"]["annotations"]
        assert annotations["dapr.io/enabled"] == "true"
        assert annotations["dapr.io/app-id"] == app_id
        assert annotations["dapr.io/app-port"] == str(PORTS[part])
        assert annotations["dapr.io/api-token-secret"] == "tandem-dapr-api"
        assert annotations["dapr.io/app-token-secret"] == "tandem-dapr-app"
        assert plain.one("Configuration", annotations["dapr.io/config"])
        variables = {variable["name"]: variable for variable in workload["spec"]["containers"][0]["env"]}
        assert variables["TANDEM_BUS"]["value"] == "dapr"
        component = plain.one("Component", variables["DAPR_PUBSUB_NAME"]["value"])
        assert component["scopes"] == [app_id]
        tokens = {
            name: variables[name]["valueFrom"]["secretKeyRef"]["name"] for name in ("DAPR_API_TOKEN", "APP_API_TOKEN")
        }
        assert tokens == {"DAPR_API_TOKEN": "tandem-dapr-api", "APP_API_TOKEN": "tandem-dapr-app"}
    assert "annotations" not in plain.workloads()["frontend"]["spec"]["template"]["metadata"]


def test_replicas_have_names_of_their_own(plain: Rendered) -> None:
    spec = plain.workloads()["websocket"]["spec"]["template"]["spec"]
    assert {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}} in spec["containers"][0][
        "env"
    ]


def test_autoscaling_counts_a_metric_that_there_is() -> None:
    rendered = Rendered.of("everything-values.yaml")
    (scaler,) = rendered.every("HorizontalPodAutoscaler")
    (metric,) = scaler["spec"]["metrics"]
    names = {family.name for family in Metrics().registry.collect()}
    assert metric["pods"]["metric"]["name"] in names
    workload = rendered.one(scaler["spec"]["scaleTargetRef"]["kind"], scaler["spec"]["scaleTargetRef"]["name"])
    assert "replicas" not in workload["spec"], "both would set it"


def test_every_value_file_is_about_something_else() -> None:
    rendered = [str(Rendered.of(path.name).manifests) for path in (CHART / "ci").glob("*.yaml")]
    assert len(set(rendered)) == len(rendered)
