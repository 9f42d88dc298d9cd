"""How the built frontend is served: paths, headers, caching; by the real process over real connections."""

import base64
import hashlib
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tandem_testing.server import TandemServer

SCRIPT, EMPTY = 'self.x = "<a>&amp;</a>";\nlet y = "\N{SNOWMAN}"', ""
PAGE = f"<!doctype html><title>%s</title><script>{SCRIPT}</script><script src=/a.js></script><script>{EMPTY}</script>"
SECRET = "the database, or what else lies beside the frontend"


@pytest.fixture
def server(tandem: Callable[..., TandemServer], tmp_path: Path) -> TandemServer:
    made = tandem(tmp_path / "server")
    folder = Path(made.environment["TANDEM_FRONTEND_DIR"])
    for name in ("index", "tasks", "404"):
        (folder / f"{name}.html").write_text(PAGE % name + "x" * 2000, encoding="utf-8")
    hashed = folder / "_next" / "static" / "chunks"
    hashed.mkdir(parents=True)
    (hashed / "a-0123456789abcdef.js").write_text("export {};\n" * 500)
    (folder / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder.parent / "secret.html").write_text(SECRET)
    (folder.parent / "secret").write_text(SECRET)
    return made.start()


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/", 200, "index"),
        ("/index.html", 200, "index"),
        ("/tasks", 200, "tasks"),
        ("/tasks?filter=open", 200, "tasks"),
        ("/tasks.html", 200, "tasks"),
        ("/nowhere", 404, "404"),
        ("/_next/static/nowhere.js", 404, "404"),
        ("/tasks/nowhere", 404, "404"),
        ("/404", 404, "404"),
    ],
)
async def test_pages(server: TandemServer, path: str, status: int, title: str) -> None:
    async with server.http() as http:
        reply = await http.get(path)
        assert (reply.status_code, reply.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert f"<title>{title}</title>" in reply.text
        head = await http.head(path)
        assert (head.status_code, head.content) == (status, b"")


async def test_policy_names_the_inline_scripts_and_nothing_else(server: TandemServer) -> None:
    async with server.http() as http:
        for path in ("/", "/tasks", "/nowhere"):
            policy = (await http.get(path)).headers["content-security-policy"]
            parts = dict(part.split(" ", 1) for part in policy.split("; "))
            wanted = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (SCRIPT, EMPTY)}
            assert set(re.findall(r"'sha256-([^']+)'", parts["script-src"])) == wanted
            assert "unsafe" not in parts["script-src"]
            assert parts["default-src"] == "'self'"
            assert parts["frame-ancestors"] == "'none'"
            assert parts["object-src"] == "'none'"


async def test_only_names_with_a_hash_are_kept_for_ever(server: TandemServer) -> None:
    async with server.http() as http:
        hashed = await http.get("/_next/static/chunks/a-0123456789abcdef.js")
        assert "immutable" in hashed.headers["cache-control"]
        for path in ("/", "/tasks", "/icon.svg", "/_next/static/nowhere.js", "/nowhere"):
            assert (await http.get(path)).headers["cache-control"] == "no-cache"
        for path in ("/", "/icon.svg", "/nowhere", "/_next/static/chunks/a-0123456789abcdef.js"):
            assert (await http.get(path)).headers["x-content-type-options"] == "nosniff"


async def test_compressed_for_those_who_take_it(server: TandemServer) -> None:
    path = "/_next/static/chunks/a-0123456789abcdef.js"
    async with server.http() as http:
        packed = await http.get(path, headers={"accept-encoding": "gzip"})
        plain = await http.get(path, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.content == plain.content
    assert "content-encoding" not in plain.headers
    assert "accept-encoding" in packed.headers["vary"].lower()


async def test_unchanged_files_are_not_sent_again(server: TandemServer) -> None:
    async with server.http() as http:
        for path in ("/", "/tasks", "/icon.svg", "/_next/static/chunks/a-0123456789abcdef.js"):
            first = await http.get(path)
            again = await http.get(path, headers={"if-none-match": first.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["cache-control"] == first.headers["cache-control"]
            other = await http.get(path, headers={"if-none-match": '"other"'})
            assert other.status_code == 200
        unknown = await http.get("/nowhere")
        again = await http.get("/nowhere", headers={"if-none-match": unknown.headers.get("etag", "*")})
        assert again.status_code == 404, "nothing is there, whoever asks"


async def test_paths_that_no_file_can_have(server: TandemServer) -> None:
    async with server.http() as http:
        for path in ("/%00", "/" + "a" * 5000, "/%ff%fe", "/a" * 3000):
            assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.html",
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/..%5csecret",
        "/tasks/../../secret",
        "//secret",
        "/_next/static/../../../secret.html",
        "/....//secret",
        "/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/..%00/secret",
    ],
)
def test_nothing_outside_the_folder(server: TandemServer, target: str) -> None:
    """Sent by hand, since clients tidy such paths up."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
        raw.sendall(f"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert re.match(rb"HTTP/1.1 4\d\d ", answer)
    assert SECRET.encode() not in answer
    assert b"root:" not in answer


async def test_only_reading(server: TandemServer) -> None:
    async with server.http() as http:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            reply = await http.request(method, "/tasks")
            assert reply.status_code == 405
            assert reply.headers["content-type"] == "application/problem+json"


async def test_the_interface_is_not_hidden_by_files(tandem: Callable[..., TandemServer], tmp_path: Path) -> None:
    made = tandem(tmp_path / "server")
    folder = Path(made.environment["TANDEM_FRONTEND_DIR"])
    for name in ("health", "status", "ready", "metrics", "api/info", "api", "ws"):
        (folder / f"{name}.html").parent.mkdir(exist_ok=True)
        (folder / f"{name}.html").write_text("hidden")
    made.start()
    async with made.http() as http:
        for path in (
            "/health",
            "/status",
            "/ready",
            "/metrics",
            "/api/info",
            "/api/openapi.json",
            "/.well-known/jwks.json",
        ):
            reply = await http.get(path)
            assert reply.status_code == 200, path
            assert "hidden" not in reply.text


async def test_unknown_calls_of_the_interface_are_no_pages(server: TandemServer) -> None:
    """WR8: a client that asks for JSON gets a problem document and not a page."""
    async with server.http() as http:
        for path in ("/api/nowhere", "/api/auth/nowhere", "/.well-known/nowhere"):
            reply = await http.get(path)
            assert (reply.status_code, reply.headers["content-type"]) == (404, "application/problem+json"), path
