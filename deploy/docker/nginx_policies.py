"""Writes the pages' content security policies as entries of an nginx map.

Run while the image is built: ``python nginx_policies.py <folder of pages> <file>``.
"""

import sys
from pathlib import Path

from tandem.content_security_policy import content_security_policy


def policy_map(folder: Path) -> str:
    """Return a line for each page of a folder: its path, and its policy."""
    pages = sorted(folder.glob("*.html"))
    return "".join(f'/{page.name} "{content_security_policy(page.read_text("utf-8"))}";\n' for page in pages)


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(policy_map(Path(sys.argv[1])), encoding="utf-8")
