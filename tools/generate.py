"""Writes every generated file of the repository, or checks that they are up to date.

python tools/generate.py            write
python tools/generate.py --check    name the stale ones, and end with 1 if there are any
python tools/generate.py --accept   write, and let the present protocol version stand for a changed format
"""

import argparse
import sys

import openapi_files
import protocol_files
import settings_files
from artifact import Artifact, GenerateError


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description="Write the generated files.")
    parser.add_argument("--check", action="store_true", help="write nothing, end with 1 if a file is stale")
    parser.add_argument(
        "--accept", action="store_true", help="keep the protocol version although the wire format changed"
    )
    options = parser.parse_args()
    try:
        artifacts = _artifacts(accept=options.accept)
    except GenerateError as error:
        print(error, file=sys.stderr)
        return 1
    stale = [artifact for artifact in artifacts if artifact.is_stale()]
    if options.check:
        for artifact in stale:
            print(f"{artifact.path} is stale: run `make schema`", file=sys.stderr)
        return 1 if stale else 0
    for artifact in stale:
        artifact.write()
        print(f"wrote {artifact.path}")
    return 0


def _artifacts(*, accept: bool) -> list[Artifact]:
    openapi = openapi_files.openapi()
    return [
        protocol_files.fingerprints(accept=accept),
        protocol_files.json_schema(),
        protocol_files.typescript_constants(),
        openapi,
        openapi_files.typescript_types(openapi),
        settings_files.page(),
    ]


if __name__ == "__main__":
    sys.exit(main())
