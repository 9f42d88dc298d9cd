"""The Compose files: what the loader makes of them, what each container may do, and whom it can reach."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tandem.settings import EmbeddedSettings
from tandem_backend.settings import StandaloneBackendSettings
from tandem_testing.caddy import CADDY
from tandem_testing.compose_file import COMPOSE, ComposeFile, Service, initialise, installation
from tandem_testing.daprd import ROOT
from tandem_websocket.settings import WebSocketSettings

FILES = ("compose.yaml", "single.yaml")
BACKENDS = {"backend-0", "backend-1"}
SOCKETS = {"websocket-0", "websocket-1", "websocket-2"}
PODS = BACKENDS | SOCKETS
OWN_PORT = {"backend": "8000", "websocket": "8005"}
# What the images of others read, and daprd.
FOREIGN = {
    "caddy": {"TANDEM_HOST", "TANDEM_TLS", "TANDEM_HSTS_SECONDS"},
    "postgres": {
        "POSTGRES_USER",
        "POSTGRES_DB",
        "POSTGRES_PASSWORD_FILE",
        "POSTGRES_INITDB_ARGS",
        "PGDATA",
    },
    "daprio/daprd": {"POD_NAME", "SSL_CERT_FILE", "APP_API_TOKEN", "DAPR_API_TOKEN"},
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installation(tmp_path_factory.mktemp("compose"))


@pytest.fixture(scope="module", params=FILES)
def file(request: pytest.FixtureRequest, installed: Path) -> ComposeFile:
    return ComposeFile.load(installed / request.param)


@pytest.fixture(scope="module")
def cluster(installed: Path) -> ComposeFile:
    return ComposeFile.load(installed / "compose.yaml")


def image_of(service: Service) -> tuple[str, str]:
    name, _, tag = service["image"].partition(":")
    return name, tag


def sources(file: ComposeFile) -> Iterator[Path]:
    """Yield every file and folder of this machine that a Compose file names."""
    for service in file.services.values():
        yield from (Path(one["source"]) for one in service.get("volumes", []) if one["type"] == "bind")
        yield from (Path(one["path"]) for one in service.get("env_file", []))
        if build := service.get("build"):
            yield Path(build["context"]) / build["dockerfile"]
    yield from (Path(secret["file"]) for secret in file.document.get("secrets", {}).values())


def test_every_file_that_is_named_is_there(file: ComposeFile) -> None:
    assert [path for path in sources(file) if not path.exists()] == []


def test_what_services_refer_to_exists(file: ComposeFile) -> None:
    for service in file.services.values():
        named = {*service.get("depends_on", {}), *filter(None, [service.get("network_mode", "").partition(":")[2]])}
        assert named <= set(file.services)
        assert set(service.get("networks", {})) <= set(file.document["networks"])
        assert {one["source"] for one in service.get("secrets", [])} <= set(file.document.get("secrets", {}))
        volumes = {one["source"] for one in service.get("volumes", []) if one["type"] == "volume"}
        assert volumes <= set(file.document.get("volumes", {}))


def test_containers_may_do_no_more_than_they_need(file: ComposeFile) -> None:
    for name, service in file.services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"]
        assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "caddy" else [])
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not {"privileged", "pid", "ipc", "devices", "userns_mode"} & set(service)
        assert int(service["user"].partition(":")[0]) > 0, "no root"
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}
        assert service["restart"] == ("no" if "profiles" in service else "unless-stopped")
        assert service["logging"]["options"]["max-size"]
        assert not any("docker.sock" in one["source"] for one in service.get("volumes", []))


def test_only_caddy_is_reached_from_outside(file: ComposeFile) -> None:
    assert {name for name, service in file.services.items() if "ports" in service} == {"caddy"}
    outside = {name for name, network in file.document["networks"].items() if not network.get("internal")}
    assert outside == {"public"}
    members = {name for name, service in file.services.items() if "public" in service.get("networks", {})}
    assert members == {"caddy"}
    assert not any(service.get("network_mode") == "host" for service in file.services.values())


def test_images_are_pinned_to_the_versions_that_are_tested(file: ComposeFile) -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "packages/tandem/pyproject.toml").read_text(), re.MULTILINE)
    assert version
    for service in file.services.values():
        name, tag = image_of(service)
        assert re.match(r"\d+\.\d+", tag), f"{name} is not pinned"
        assert ("build" in service) == name.startswith("tandem/")
        if "build" in service:
            assert tag == version[1]
        for tool, module in (("caddy", "github.com/caddyserver/caddy/v2"), ("daprd", "github.com/dapr/dapr")):
            if name.endswith(tool):
                assert f"\t{module} v{tag.partition('-')[0]} //" in (ROOT / "tools" / tool / "go.mod").read_text()


def test_everything_has_a_health_check(file: ComposeFile) -> None:
    for name, service in file.services.items():
        if "profiles" in service:
            continue
        if "network_mode" not in service:
            assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}, name
            continue
        asked = file.services[service["network_mode"].removeprefix("service:")]["healthcheck"]["test"][1]
        part = name.partition("-")[0]
        wanted = ":3500/v1.0/healthz/outbound" if name.endswith("-sidecar") else f":{OWN_PORT[part]}/ready"
        assert f"http://127.0.0.1{wanted}" in asked


def test_variables_are_settings(file: ComposeFile) -> None:
    known = {
        setting.name
        for settings in (EmbeddedSettings, StandaloneBackendSettings, WebSocketSettings)
        for setting in settings.load().describe()
    }
    for name, service in file.services.items():
        assert set(file.environment(name)) - FOREIGN.get(image_of(service)[0], known) == set(), name


def test_no_secret_is_in_a_file_of_the_repository(installed: Path) -> None:
    texts = [path.read_text() for path in (installed / "secrets").iterdir() if path.is_file()]
    secrets = set(re.findall(r"[0-9a-f]{64}", "".join(texts)))
    assert len(secrets) == 6
    for path in COMPOSE.rglob("*"):
        if path.is_file() and not path.is_relative_to(COMPOSE / "secrets"):
            assert not re.search(r"[0-9a-f]{32}|BEGIN", path.read_text(errors="replace"))
    ignored = subprocess.run(
        ["git", "check-ignore", ".env", "secrets/x", "caddy/x", "backup/x", "data/x"],
        cwd=COMPOSE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(ignored.stdout.splitlines()) == 5


def test_every_variable_of_the_env_file_is_used_and_has_the_same_default(installed: Path) -> None:
    lines = (installed / ".env").read_text().splitlines()
    written = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    for name in FILES:
        defaults = dict(re.findall(r"\$\{(\w+):-([^}]+)\}", (installed / name).read_text()))
        assert defaults.keys() == written.keys()
        for variable in written.keys() - {"TANDEM_USER"}:
            assert defaults[variable] == written[variable]


def test_who_reaches_whom(cluster: ComposeFile) -> None:
    members: dict[str, set[str]] = {}
    for name, service in cluster.services.items():
        for network in service.get("networks", {}):
            members.setdefault(network, set()).add(name)
    assert members == {
        "public": {"caddy"},
        "web": {"caddy", "frontend", *PODS},
        "data": {"postgres", "tandem", *BACKENDS},
        "broker": {"redis", *PODS},
    }
    for name in PODS:
        assert cluster.services[name]["networks"]["web"] == ({"aliases": ["backend"]} if name in BACKENDS else None)


def test_each_program_has_its_sidecar_and_name(cluster: ComposeFile) -> None:
    others = {"caddy", "frontend", "postgres", "redis", "tandem"}
    assert set(cluster.services) == others | {f"{pod}{part}" for pod in PODS for part in ("", "-program", "-sidecar")}
    for pod in PODS:
        part = pod.partition("-")[0]
        program, sidecar = cluster.services[f"{pod}-program"], cluster.services[f"{pod}-sidecar"]
        assert program["network_mode"] == sidecar["network_mode"] == f"service:{pod}"
        assert sidecar["environment"]["POD_NAME"] == pod
        assert f"--app-port={OWN_PORT[part]}" in sidecar["command"]
        dockerfile = (ROOT / program["build"]["dockerfile"]).read_text()
        assert f"EXPOSE {OWN_PORT[part]}\n" in dockerfile
        assert f"PORT={OWN_PORT[part]}" in dockerfile
        for service, dependency in ((program, pod), (sidecar, pod), (sidecar, "redis")):
            assert dependency in service["depends_on"]


def test_both_sides_have_the_same_tokens(cluster: ComposeFile) -> None:
    backend, socket = (cluster.environment(f"{name}-0-program") for name in OWN_PORT)
    sidecar = cluster.environment("websocket-2-sidecar")
    for name in ("DAPR_API_TOKEN", "APP_API_TOKEN"):
        assert backend[name] == socket[name] == sidecar[name]
    for name in ("TANDEM_EVENT_KEYS", "TANDEM_INTERNAL_TOKEN"):
        assert backend[name] == socket[name]
    assert len({backend[name] for name in ("DAPR_API_TOKEN", "APP_API_TOKEN", "TANDEM_INTERNAL_TOKEN")}) == 3
    assert backend["TANDEM_TRUSTED_PROXIES"] == cluster.document["networks"]["web"]["ipam"]["config"][0]["subnet"]


def contents(folder: Path) -> Mapping[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_init_keeps_what_is_there_and_makes_new_certificates_when_asked(tmp_path: Path) -> None:
    folder = installation(tmp_path)
    before = contents(folder)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder / "secrets").rglob("*"))
    initialise(folder)
    assert contents(folder) == before
    for path in (folder / "secrets").glob("*.crt"):
        path.unlink()
    initialise(folder)
    after = contents(folder)
    changed = {name for name in before if before[name] != after[name]}
    certificates = {f"secrets/{name}" for name in ("ca.crt", "postgres.crt", "postgres.key", "redis.crt", "redis.key")}
    assert changed == certificates
    assert after.keys() == before.keys(), "the authority's key is kept nowhere"
    command = ["openssl", "verify", "-x509_strict", "-CAfile", "ca.crt", "postgres.crt", "redis.crt"]
    subprocess.run(command, cwd=folder / "secrets", check=True, capture_output=True)


@pytest.mark.parametrize("tls", ["internal", "ops@example.com"])
@pytest.mark.parametrize("routes", ["cluster.routes", "single.routes"])
def test_caddy_takes_its_file(tmp_path: Path, routes: str, tls: str) -> None:
    (tmp_path / "Caddyfile").write_text((COMPOSE / "Caddyfile").read_text().replace("/data", str(tmp_path)))
    (tmp_path / "routes").write_text((COMPOSE / routes).read_text())
    environment = {"HOME": str(tmp_path), "TANDEM_HOST": "todo.example.com", "TANDEM_TLS": tls}
    for command in (["validate", "--config"], ["fmt"]):
        done = subprocess.run(
            [str(CADDY), *command, "Caddyfile"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_the_loader_refuses_what_compose_does_not_know(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("name: x\nservices:\n  a:\n    image: b:1\n    readonly: true\n")
    with pytest.raises(ValueError, match="readonly"):
        ComposeFile.load(tmp_path / "compose.yaml")
