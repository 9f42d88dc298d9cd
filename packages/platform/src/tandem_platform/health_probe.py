"""``python -m tandem_platform.health_probe``: ask the program of this container how it is, by http or https.

Its exit status is 0 when the program answers; a container engine runs it every few seconds.
"""

import os
import sys
from collections.abc import Mapping
from typing import Final

import httpx

_SECONDS: Final = 4.0


def healthy(environment: Mapping[str, str]) -> bool:
    """Return whether ``/health`` answers.

    Args:
        environment: The variables of the program, such as ``PORT`` and ``TANDEM_TLS_CERTIFICATE``.
    """
    scheme = "https" if environment.get("TANDEM_TLS_CERTIFICATE") else "http"
    url = f"{scheme}://127.0.0.1:{environment['PORT']}/health"
    try:
        # The certificate is that of a public name, and this is the machine itself.
        return httpx.get(url, verify=False, trust_env=False, timeout=_SECONDS).is_success  # noqa: S501
    except httpx.HTTPError:
        return False


if __name__ == "__main__":
    sys.exit(not healthy(os.environ))
