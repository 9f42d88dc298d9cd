"""Serving the built frontend: static files with the headers that make them safe and quick."""

from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from tandem.content_security_policy import content_security_policy
from tandem_platform.server import StartError

_BUILT: Final = Path(__file__).parent / "static"
_REPOSITORY: Final = Path(__file__).resolve().parents[4] / "frontend" / "out"
# Their names carry a hash of their content.
_IMMUTABLE: Final = "_next/static/"
_INTERFACE: Final = ("/api/", "/ws/", "/internal/", "/events/", "/.well-known/")


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


def add_frontend(app: FastAPI, folder: Path) -> None:
    """Have ``app`` serve the frontend on every path that none of its routes has.

    Compressed where the browser takes it. Paths of the interface that do not exist stay problems for programs to read.
    """
    pages = GZipMiddleware(_Frontend(folder), minimum_size=1024, compresslevel=6)
    otherwise = app.router.default

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(_INTERFACE):
            await pages(scope, receive, send)
        else:
            await otherwise(scope, receive, send)

    app.router.default = serve


class _Frontend(StaticFiles):
    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)
        pages = sorted(folder.glob("*.html"))
        self._policies = {page.name: content_security_policy(page.read_text("utf-8")) for page in pages}

    def get_path(self, scope: Scope) -> str:
        """Return the file of a path: of ``/tasks`` it is ``tasks.html``."""
        path = super().get_path(scope)
        return f"{path}.html" if f"{path}.html" in self._policies else path

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with the file, and with the page that says so where there is none."""
        response = await super().get_response(path, scope)
        served = Path(str(getattr(response, "path", ""))).name
        if served in self._policies:
            response.headers["content-security-policy"] = self._policies[served]
        if served == "404.html":
            response.status_code = HTTPStatus.NOT_FOUND
        found = response.status_code in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED}
        immutable = found and path.startswith(_IMMUTABLE)
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if immutable else "no-cache"
        return response
