"""The Helm chart: linted and rendered by the real helm, checked against Kubernetes' schemas."""

import base64
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tandem_backend.services.signing_keys import load_keys
from tandem_platform.event_signatures import EventKeys
from tandem_testing.chart import CHART, KUBERNETES, Rendered, run_helm

VALUES = sorted(path.name for path in (CHART / "ci").glob("*.yaml"))


def test_there_are_value_files() -> None:
    assert len(VALUES) >= 4


@pytest.mark.parametrize("values", VALUES)
def test_lint(values: str) -> None:
    done = run_helm("lint", "--strict", "--values", str(CHART / "ci" / values))
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout


@pytest.mark.parametrize("values", VALUES)
def test_manifests_are_what_kubernetes_takes(values: str) -> None:
    for manifest in Rendered.of(values).manifests:
        if not manifest["apiVersion"].startswith("dapr.io/"):
            kubernetes_validate.validate(manifest, KUBERNETES.rpartition(".")[0], strict=True)


@pytest.mark.parametrize("values", VALUES)
def test_names_are_unique(values: str) -> None:
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in Rendered.of(values).manifests]
    assert len(names) == len(set(names))


def test_plain_manifests_are_fresh() -> None:
    tool = Path(__file__).parents[1] / "tools" / "manifests.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("secrets.database.existingSecret=", "secrets.database: give existingSecret, or url"),
        ("secrets.redis.existingSecret=", "secrets.redis: give existingSecret, or password"),
        ("secrets.database.url=mysql://host/database", "secrets.database.url"),
        ("backend.replicas=0", "backend.replicas"),
        ("websocket.replica=3", "replica"),
        ("networkPolicy.postgresql.podLabels=null", "podLabels"),
        ("networkPolicy.ingressFrom=null", "ingressFrom"),
        ("terminationGracePeriodSeconds=1", "terminationGracePeriodSeconds"),
    ],
)
def test_wrong_values_are_refused_in_words(setting: str, words: str) -> None:
    values = str(CHART / "ci" / "existing-secrets-values.yaml")
    done = run_helm("template", "todo", "--values", values, "--set", setting)
    assert done.returncode != 0
    assert words in done.stderr.replace("/", ".")


def test_keys_that_the_chart_makes_are_keys_for_the_programs(tmp_path: Path) -> None:
    """AU3, EV9: from the Secrets as they are rendered."""
    rendered = Rendered.of("created-secrets-values.yaml")

    def data(name: str) -> dict[str, bytes]:
        return {key: base64.b64decode(value) for key, value in rendered.one("Secret", name)["data"].items()}

    for name, content in data("todo-keys").items():
        (tmp_path / name).write_bytes(content)
    tmp_path.chmod(0o500)
    keys = load_keys(tmp_path, lambda: "made")
    assert keys.kid == "0"
    assert isinstance(keys.signing, Ed25519PrivateKey)
    assert EventKeys.parse(data("todo-events")["keys"].decode()) is not None
    for name in ("todo-internal", "todo-dapr-api", "todo-dapr-app"):
        assert len(data(name)["token"]) >= 32
    assert data("todo-database")["url"].startswith(b"postgresql://")


def test_no_secret_is_made_where_one_is_named() -> None:
    assert Rendered.of("existing-secrets-values.yaml").every("Secret") == []
