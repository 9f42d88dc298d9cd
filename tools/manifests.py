"""Writes the plain Kubernetes manifests, rendered from the Helm chart; ``--check`` tells whether they are fresh."""

import subprocess
import sys
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parents[1]
_CHART: Final = _ROOT / "deploy" / "helm" / "tandem"
_VALUES: Final = _CHART / "ci" / "existing-secrets-values.yaml"
_WRITTEN: Final = _ROOT / "deploy" / "kubernetes" / "tandem.yaml"
_KUBERNETES: Final = "1.37.0"
_HEAD: Final = """\
# Rendered from deploy/helm/tandem by `make manifests`. Do not edit; docs/deploy.md says what to change and which
# Secrets have to be there: kubectl apply --namespace tandem -f tandem.yaml
"""


def render() -> str:
    """Return the manifests of a release called tandem, in the namespace tandem, whose Secrets are there already."""
    helm = _ROOT / ".cache" / "bin" / "helm"
    command = [str(helm), "template", "tandem", str(_CHART), "--namespace", "tandem", "--values", str(_VALUES)]
    done = subprocess.run([*command, "--kube-version", _KUBERNETES], check=True, capture_output=True, text=True)
    return _HEAD + done.stdout


def main() -> int:
    """Write the file, or compare; return the exit status."""
    rendered = render()
    if sys.argv[1:] != ["--check"]:
        _WRITTEN.write_text(rendered, encoding="utf-8")
        return 0
    if _WRITTEN.is_file() and _WRITTEN.read_text("utf-8") == rendered:
        return 0
    print(f"{_WRITTEN.relative_to(_ROOT)} is not what the chart says; run `make manifests`.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
