"""The commands beside `tandem serve`, each as an operator calls it."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tandem_testing.backend import PASSWORD
from tandem_testing.client import fetch
from tandem_testing.server import TandemServer, environment, run_tandem

NEW_PASSWORD = "another battery staple"


def test_config_shows_settings_and_no_secrets_au6(tmp_path: Path) -> None:
    secrets = {"DATABASE_URL": "postgresql://ada:hunter2@db/tandem", "TANDEM_OPERATOR_TOKEN": "operator-hunter2"}
    shown = run_tandem(environment(tmp_path, **secrets, HEARTBEAT_INTERVAL="7.5"), "config")
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert "HEARTBEAT_INTERVAL=7.5" in lines
    assert "DATABASE_URL=(set)" in lines
    assert "TANDEM_OPERATOR_TOKEN=(set)" in lines
    assert "hunter2" not in shown.stdout
    assert not (tmp_path / "data").exists(), "looking changes nothing"


def test_version_and_help(tmp_path: Path) -> None:
    variables = environment(tmp_path)
    assert run_tandem(variables, "version").stdout.strip().count(".") == 2
    helped = run_tandem(variables, "--help")
    assert helped.returncode == 0
    for command in (
        "serve",
        "config",
        "rotate-epoch",
        "rotate-keys",
        "make-keys",
        "adopt-keys",
        "reset-password",
        "version",
    ):
        assert command in helped.stdout
    unknown = run_tandem(variables, "no-such-command")
    assert unknown.returncode != 0
    assert "Traceback" not in unknown.stderr


@pytest.mark.parametrize("command", [["rotate-epoch"], ["reset-password", "ada@example.com"]])
def test_command_without_a_database_makes_none(tmp_path: Path, command: list[str]) -> None:
    refused = run_tandem(environment(tmp_path), *command, stdin=NEW_PASSWORD + "\n")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "there is no database" in refused.stderr
    assert not (tmp_path / "data" / "tandem.db").exists()


async def test_rotated_epoch_resets_cursors_sp5(tandem: Callable[..., TandemServer]) -> None:
    server = tandem().start()
    ada = await server.register()
    await ada.made()
    before, place = await fetch(ada), (await ada.changes())["cursor"]
    assert not any(space["reset"] for space in (await ada.changes(place))["spaces"])
    server.stop()
    done = run_tandem(server.environment, "rotate-epoch")
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 space(s)" in done.stdout
    server.start()
    assert all(space["reset"] for space in (await ada.changes(place))["spaces"])
    assert await fetch(ada) == before


async def test_rotated_keys_keep_the_tokens_of_the_key_before_au3(tandem: Callable[..., TandemServer]) -> None:
    server = tandem().start()
    ada = await server.register()
    oldest = ada.token
    for _ in range(2):
        server.stop()
        done = run_tandem(server.environment, "rotate-keys")
        assert (done.returncode, done.stderr) == (0, "")
        server.start()
        keys = (await ada.client.get("/.well-known/jwks.json")).json()["keys"]
        assert len(keys) == 2
        assert all("d" not in key for key in keys), "the private part stays at home"
        assert (await ada.call("GET", "tasks")).status_code == 200
        await server.refresh(ada)
        assert (await ada.call("GET", "tasks")).status_code == 200
    again = await ada.call("GET", "tasks", headers={"authorization": f"Bearer {oldest}"})
    assert again.status_code == 401, "after the second rotation the first key is gone"
    modes = {path.name: path.stat().st_mode & 0o777 for path in (server.data / "keys").iterdir()}
    assert set(modes.values()) == {0o600}, modes


async def test_lost_keys_are_refused_until_new_ones_are_adopted_st7(tandem: Callable[..., TandemServer]) -> None:
    server = tandem().start()
    ada = await server.register()
    task = await ada.made()
    assert "in use by another Tandem" in run_tandem(server.environment, "adopt-keys").stderr
    server.stop()
    shutil.rmtree(server.data / "keys")
    refused = run_tandem(server.environment, "serve")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert "tandem adopt-keys" in refused.stderr
    assert not (server.data / "keys").exists(), "a wrong folder is left alone"
    done = run_tandem(server.environment, "adopt-keys")
    assert (done.returncode, done.stderr) == (0, "")
    server.start()
    assert (await ada.call("GET", "tasks")).status_code == 401, "everybody signs in anew"
    assert list(await fetch(await server.login())) == [task["id"]]


async def test_keys_in_a_folder_of_their_own(tandem: Callable[..., TandemServer], tmp_path: Path) -> None:
    keys = tmp_path / "elsewhere" / "keys"
    made = run_tandem(environment(tmp_path), "make-keys", str(keys))
    assert (made.returncode, made.stderr) == (0, "")
    files = {path.name: path.read_bytes() for path in keys.iterdir()}
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}
    again = run_tandem(environment(tmp_path), "make-keys", str(keys))
    assert again.stdout == made.stdout, "keys that are there stay"
    server = tandem(TANDEM_KEYS_DIR=str(keys))
    assert "there are keys" in run_tandem(server.environment, "serve").stderr, "and no database: was it moved?"
    keys.rename(tmp_path / "aside")
    server.start()
    ada = await server.register()
    server.stop()
    assert not (server.data / "keys").exists()
    assert {path.name: path.read_bytes() for path in keys.iterdir()} != files
    assert run_tandem(server.environment, "rotate-keys").returncode == 0
    assert len(list(keys.glob("signing-*.pem"))) == 2
    server.start()
    assert (await ada.call("GET", "tasks")).status_code == 200


@pytest.mark.parametrize("while_it_runs", [True, False], ids=["running", "stopped"])
async def test_reset_password_au5(tandem: Callable[..., TandemServer], while_it_runs: bool) -> None:  # noqa: FBT001
    server = tandem().start()
    server.secrets.add(NEW_PASSWORD)
    ada = await server.register()
    if not while_it_runs:
        server.stop()
    done = await asyncio.to_thread(
        run_tandem, server.environment, "reset-password", "ADA@example.com", stdin=NEW_PASSWORD + "\n"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert NEW_PASSWORD not in done.stdout
    if not while_it_runs:
        server.start()
    assert (await ada.call("GET", "tasks")).json()["code"] == "session_ended"
    async with server.http() as http:
        for password, status in ((PASSWORD, 401), (NEW_PASSWORD, 200)):
            tried = await http.post("/api/auth/login", json={"email": "ada@example.com", "password": password})
            assert tried.status_code == status


@pytest.mark.parametrize(
    ("email", "password", "says"),
    [
        ("nobody@example.com", NEW_PASSWORD, "no account"),
        ("ada@example.com", "short", "not good"),
        ("", "", "not good"),
    ],
)
async def test_reset_password_that_cannot_be_done(running: TandemServer, email: str, password: str, says: str) -> None:
    ada = await running.register()
    refused = run_tandem(running.environment, "reset-password", email, stdin=password)
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert says in refused.stderr
    assert (await ada.call("GET", "tasks")).status_code == 200
