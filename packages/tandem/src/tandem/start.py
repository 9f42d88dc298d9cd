"""The entry of the command `tandem`: quiet when it is interrupted while the program is still being loaded."""

import importlib

_INTERRUPTED = 130
"""What a shell expects of a command that SIGINT ended."""


def main() -> None:
    """Load and run the command."""
    try:
        importlib.import_module("tandem.cli").main()
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None
