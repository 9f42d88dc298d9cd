"""The Helm chart as tests see it: linted and rendered by the real helm."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

_ROOT: Final = Path(__file__).resolve().parents[4]
CHART: Final = _ROOT / "deploy" / "helm" / "tandem"
KUBERNETES: Final = "1.37.0"
"""The version that the manifests are rendered for."""
Manifest = dict[str, Any]


def run_helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run helm on the chart, and return what came of it; ``make .cache/bin/helm`` builds it.

    Args:
        arguments: The command first; the chart and the version of Kubernetes are added.
    """
    helm = _ROOT / ".cache" / "bin" / "helm"
    command = [str(helm), *arguments, str(CHART), "--kube-version", KUBERNETES]
    return subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - built from this repository


@dataclass(frozen=True, slots=True)
class Rendered:
    """The manifests of a release called ``todo`` in the namespace ``lists``."""

    manifests: list[Manifest]

    @classmethod
    def of(cls, values: str) -> "Rendered":
        """Render the chart with a file of ``ci/``.

        Raises:
            AssertionError: Helm does not render it; the text says why.
        """
        done = run_helm("template", "todo", "--namespace", "lists", "--values", str(CHART / "ci" / values))
        assert done.returncode == 0, done.stderr  # noqa: S101 - for tests
        return cls([manifest for manifest in yaml.safe_load_all(done.stdout) if manifest])

    def every(self, kind: str) -> list[Manifest]:
        """Return all manifests of a kind."""
        return [manifest for manifest in self.manifests if manifest["kind"] == kind]

    def one(self, kind: str, name: str) -> Manifest:
        """Return a manifest by kind and name."""
        (found,) = [manifest for manifest in self.every(kind) if manifest["metadata"]["name"] == name]
        return found

    def workloads(self) -> dict[str, Manifest]:
        """Return the Deployments and the StatefulSet by the part of Tandem that they run."""
        found = [*self.every("Deployment"), *self.every("StatefulSet")]
        return {
            manifest["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]: manifest
            for manifest in found
        }


def selects(labels: dict[str, str], pod: Manifest) -> bool:
    """Return whether a selector's labels match a pod template."""
    return labels.items() <= pod["metadata"]["labels"].items()
