"""The frontend's image serves the pages as `tandem serve` does: its very configuration, in a real nginx."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tandem_testing.cluster.nginx import PageServer
from tandem_testing.server import TandemServer

PATHS = (
    "/",
    "/index.html",
    "/tasks",
    "/tasks?filter=open",
    "/tasks.html",
    "/nowhere",
    "/_next/static/nowhere.js",
    "/tasks/nowhere",
    "/404",
    "/icon.svg",
    "/_next/static/chunks/a-0123456789abcdef.js",
)
HEADERS = (
    "content-type",
    "content-security-policy",
    "cache-control",
    "x-content-type-options",
    "referrer-policy",
    "content-encoding",
)


def headers_of(reply: httpx.Response) -> dict[str, str | None]:
    headers = {name: reply.headers.get(name) for name in HEADERS}
    # RFC 9239 made the one of the other; nginx knows the elder.
    headers["content-type"] = reply.headers["content-type"].replace("application/javascript", "text/javascript")
    return headers


@pytest.fixture
def server(tandem: Callable[..., TandemServer], tmp_path: Path) -> TandemServer:
    made = tandem(tmp_path / "server")
    folder = Path(made.environment["TANDEM_FRONTEND_DIR"])
    for name in ("index", "tasks", "404"):
        (folder / f"{name}.html").write_text(f"<title>{name}</title><script>self.x='{name}'</script>" + "x" * 2000)
    (folder / "tasks").mkdir()
    hashed = folder / "_next" / "static" / "chunks"
    hashed.mkdir(parents=True)
    (hashed / "a-0123456789abcdef.js").write_text("export {};\n" * 500)
    (folder / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return made.start()


@pytest.fixture
def image(server: TandemServer, tmp_path: Path) -> Iterator[PageServer]:
    made = PageServer(tmp_path / "pages", Path(server.environment["TANDEM_FRONTEND_DIR"]))
    made.start()
    yield made
    made.kill()


async def test_the_same_replies(server: TandemServer, image: PageServer) -> None:
    transport = httpx.AsyncHTTPTransport(retries=10)
    url = f"http://127.0.0.1:{image.port}"
    async with server.http() as one, httpx.AsyncClient(base_url=url, transport=transport) as other:
        for path in PATHS:
            expected, reply = await one.get(path), await other.get(path)
            assert reply.status_code == expected.status_code, path
            assert reply.text == expected.text, path
            assert headers_of(reply) == headers_of(expected), path
