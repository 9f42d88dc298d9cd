"""Serving the built frontend: static files with the headers that make them safe and quick."""

import base64
import hashlib
from html.parser import HTMLParser
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from tandem_platform.server import StartError

_BUILT: Final = Path(__file__).parent / "static"
_REPOSITORY: Final = Path(__file__).resolve().parents[4] / "frontend" / "out"
# Their names carry a hash of their content.
_IMMUTABLE: Final = "_next/static/"


def find_frontend(wanted: Path | None) -> Path:
    """Return the folder of the built frontend.

    Args:
        wanted: Where the operator says that it is.

    Raises:
        StartError: It is not there.
    """
    candidates = [wanted] if wanted is not None else [_BUILT, _REPOSITORY]
    for folder in candidates:
        if (folder / "index.html").is_file():
            return folder
    raise StartError(
        f"there is no built frontend in {candidates[-1]}. Build it with `make build`, or set TANDEM_FRONTEND_DIR."
    )


def frontend_app(folder: Path) -> ASGIApp:
    """Return an app that serves the frontend, compressed where the browser takes it."""
    return GZipMiddleware(_Frontend(folder), minimum_size=1024, compresslevel=6)


class _Frontend(StaticFiles):
    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)
        self._policies = {page.name: content_security_policy(page.read_text("utf-8")) for page in folder.glob("*.html")}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer ``/tasks`` with ``tasks.html``, and unknown paths with the page that says so."""
        return self._with_headers(self._page(path, scope) or await super().get_response(path, scope), path)

    def _page(self, path: str, scope: Scope) -> Response | None:
        full_path, stat = self.lookup_path(f"{path}.html")
        return None if stat is None else self.file_response(full_path, stat, scope)

    def _with_headers(self, response: Response, path: str) -> Response:
        served = Path(str(getattr(response, "path", ""))).name
        headers = response.headers
        headers["x-content-type-options"] = "nosniff"
        headers["referrer-policy"] = "same-origin"
        if served in self._policies:
            headers["content-security-policy"] = self._policies[served]
        immutable = path.startswith(_IMMUTABLE) and response.status_code == HTTPStatus.OK
        headers["cache-control"] = "public, max-age=31536000, immutable" if immutable else "no-cache"
        if served == "404.html":
            response.status_code = HTTPStatus.NOT_FOUND
        return response


def content_security_policy(page: str) -> str:
    """Return a policy (CSP level 3) under which nothing runs but the page's own scripts.

    Args:
        page: The HTML; its inline scripts are named by their hashes.
    """
    parser = _InlineScripts()
    parser.feed(page)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in sorted(set(parser.found))
    )
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {hashes}".rstrip(),
            # Radix and Sonner place things with style attributes.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "connect-src 'self' ws: wss:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class _InlineScripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and not any(name == "src" for name, _ in attrs)
        if self._inside:
            self.found.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"
