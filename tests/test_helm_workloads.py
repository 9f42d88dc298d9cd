"""What the Helm chart's manifests mean together: pods, probes, secrets, networks, Dapr."""

from collections.abc import Iterator
from typing import cast

import pytest

from tandem_testing.chart import CHART, Manifest, Rendered, selects

VALUES = sorted(path.name for path in (CHART / "ci").glob("*.yaml"))
PORTS = {"backend": 8000, "websocket": 8005, "frontend": 8080}


@pytest.fixture(params=VALUES)
def rendered(request: pytest.FixtureRequest) -> Rendered:
    return Rendered.of(request.param)


@pytest.fixture
def plain() -> Rendered:
    return Rendered.of("existing-secrets-values.yaml")


def container(workload: Manifest) -> Manifest:
    (only,) = workload["spec"]["template"]["spec"]["containers"]
    return only


def environment(workload: Manifest) -> dict[str, Manifest]:
    variables = container(workload)["env"]
    found = {variable["name"]: variable for variable in variables}
    assert len(found) == len(variables), "a variable twice"
    return found


def test_parts_and_replicas(plain: Rendered) -> None:
    kinds = {part: (one["kind"], one["spec"]["replicas"]) for part, one in plain.workloads().items()}
    assert kinds == {"backend": ("Deployment", 2), "websocket": ("StatefulSet", 3), "frontend": ("Deployment", 2)}


def test_selectors_match_one_part(rendered: Rendered) -> None:
    pods = {part: one["spec"]["template"] for part, one in rendered.workloads().items()}
    for kind in ("Service", "PodDisruptionBudget"):
        for manifest in rendered.every(kind):
            part = manifest["metadata"]["labels"]["app.kubernetes.io/component"]
            selector = manifest["spec"]["selector"]
            labels = selector.get("matchLabels", selector)
            assert [name for name, pod in pods.items() if selects(labels, pod)] == [part]
    for part, workload in rendered.workloads().items():
        assert selects(workload["spec"]["selector"]["matchLabels"], pods[part])
    budgets = {
        one["metadata"]["labels"]["app.kubernetes.io/component"] for one in rendered.every("PodDisruptionBudget")
    }
    assert budgets == set(pods)


def test_ports_of_probes_services_and_ingress_exist(rendered: Rendered) -> None:
    for part, workload in rendered.workloads().items():
        assert container(workload)["ports"] == [{"name": "http", "containerPort": PORTS[part]}]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container(workload)[probe]["httpGet"]["port"] == "http"
        ready = "/health" if part == "frontend" else "/ready"
        assert container(workload)["readinessProbe"]["httpGet"]["path"] == ready
        assert container(workload)["livenessProbe"]["httpGet"]["path"] == "/health"
        if part != "frontend":
            assert environment(workload)["PORT"]["value"] == str(PORTS[part])
    for service in rendered.every("Service"):
        (port,) = service["spec"]["ports"]
        assert port["targetPort"] == "http"


def test_paths_from_outside(plain: Rendered) -> None:
    found: dict[str, str] = {}
    for ingress in plain.every("Ingress"):
        (rule,) = ingress["spec"]["rules"]
        for path in rule["http"]["paths"]:
            found[path["path"]] = path["backend"]["service"]["name"]
            service = plain.one("Service", path["backend"]["service"]["name"])
            assert path["backend"]["service"]["port"]["name"] == service["spec"]["ports"][0]["name"]
    assert found == {
        "/ws/": "todo-websocket",
        "/status": "todo-websocket",
        "/api/": "todo-backend",
        "/.well-known/": "todo-backend",
        "/": "todo-frontend",
    }


def test_sticky_sessions_are_the_sockets_alone_and_by_choice(plain: Rendered) -> None:
    affinity = "nginx.ingress.kubernetes.io/affinity"
    everything = Rendered.of("everything-values.yaml")
    with_cookie = {
        one["metadata"]["name"] for one in everything.every("Ingress") if affinity in one["metadata"]["annotations"]
    }
    assert with_cookie == {"todo-websocket"}
    assert not any(affinity in one["metadata"].get("annotations", {}) for one in plain.every("Ingress"))


def test_pods_may_do_little(rendered: Rendered) -> None:
    for workload in rendered.workloads().values():
        pod = workload["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container(workload)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "/tmp" in {mount["mountPath"] for mount in container(workload)["volumeMounts"]}  # noqa: S108
        assert {"requests", "limits"} <= set(container(workload)["resources"])
        volumes = {volume["name"] for volume in pod["volumes"]}
        assert volumes == {mount["name"] for mount in container(workload)["volumeMounts"]}


def test_restarts_are_one_at_a_time_and_have_time_to_drain(rendered: Rendered) -> None:
    """WS9: out of the Service first, then told to end, then the time that draining takes."""
    for workload in rendered.workloads().values():
        pause = container(workload)["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= pause + 5
        strategy = workload["spec"].get("strategy") or workload["spec"]["updateStrategy"]
        assert strategy["rollingUpdate"]["maxUnavailable"] == 1
    assert all(budget["spec"]["maxUnavailable"] == 1 for budget in rendered.every("PodDisruptionBudget"))
    websocket = rendered.workloads()["websocket"]["spec"]
    assert websocket["podManagementPolicy"] == "Parallel"
    assert rendered.one("Service", websocket["serviceName"])["spec"]["clusterIP"] == "None"


def test_secrets_come_from_secrets(rendered: Rendered) -> None:
    secret = {"DAPR_API_TOKEN", "APP_API_TOKEN", "TANDEM_EVENT_KEYS", "TANDEM_INTERNAL_TOKEN"}
    workloads = rendered.workloads()
    for part, names in {"backend": secret | {"DATABASE_URL"}, "websocket": secret}.items():
        variables = environment(workloads[part])
        for name in names:
            assert set(variables[name]) == {"name", "valueFrom"}
            assert "secretKeyRef" in variables[name]["valueFrom"]
    assert "DATABASE_URL" not in environment(workloads["websocket"])
    made = {manifest["metadata"]["name"]: set(manifest["data"]) for manifest in rendered.every("Secret")}
    for reference in secret_references(rendered.manifests):
        assert reference["name"] not in made or reference["key"] in made[reference["name"]]


def secret_references(value: object) -> Iterator[dict[str, str]]:
    """Yield each ``secretKeyRef`` in manifests."""
    if isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            if key == "secretKeyRef":
                yield cast("dict[str, str]", inner)
            else:
                yield from secret_references(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from secret_references(inner)
