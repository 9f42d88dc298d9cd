"""How much JavaScript a browser has to fetch before the task list works."""

import gzip
from html.parser import HTMLParser
from typing import Final

from tandem_bench.programs import BenchError
from tandem_bench.report import Row, Section, Target
from tandem_bench.workshop import Workshop

_TARGET: Final = Target("at most", 220.0)
_LEVEL: Final = 6
"""The level at which `tandem serve` compresses."""


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sources: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        source = attributes.get("src")
        # Browsers that know modules pass over what is only for those that do not.
        if tag == "script" and source and "nomodule" not in attributes:
            self.sources.add(source.partition("?")[0])


def measure(workshop: Workshop) -> Section:
    """Add up the compressed scripts of the built page."""
    folder = workshop.repository / "frontend/out"
    page = folder / "tasks.html"
    if not page.is_file():
        raise BenchError("there is no built frontend; `make build` builds it")
    parser = _Scripts()
    parser.feed(page.read_text("utf-8"))
    sizes = {
        source: len(gzip.compress((folder / source.lstrip("/")).read_bytes(), _LEVEL, mtime=0))
        for source in sorted(parser.sources)
    }
    if not sizes:
        raise BenchError("the page names no scripts")
    kilobytes = sum(sizes.values()) / 1000
    rows = [Row("JavaScript of /tasks, gzipped", kilobytes, "KB", _TARGET), Row("scripts", float(len(sizes)), "")]
    return Section("First load", rows, (), {"bytes_gzipped": sizes})
