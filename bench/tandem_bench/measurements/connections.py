"""What a connection costs: memory of an idle one, and its authenticated handshake, against a naive server."""

import json
from typing import Any, Final

from tandem_bench.programs import run_client
from tandem_bench.report import Row, Section
from tandem_bench.summary import paired_ratios, spread
from tandem_bench.websocket_servers import Issuer, Kind, WebSocketServer, new_id, websocket_servers
from tandem_bench.workshop import Workshop

_KINDS: Final[tuple[Kind, Kind]] = ("tandem", "send_json")
_WARM_UP: Final = 100
_STEPS: Final = 2


def measure(workshop: Workshop) -> Section:
    """Open 1,000 and then 2,000 connections of as many users, a fresh server for each round."""
    rounds, step = (1, 100) if workshop.quick else (3, 1000)
    samples: dict[Kind, list[dict[str, Any]]] = {kind: [] for kind in _KINDS}
    for number in range(rounds):
        issuer = Issuer()
        name = f"connections-{number}"
        with websocket_servers(workshop, name, issuer, *_KINDS) as servers:
            paths = workshop.folder(f"{name}-paths") / "paths"
            lines = (issuer.socket_path(new_id()) for _ in range(_WARM_UP + step * _STEPS))
            paths.write_text("\n".join(lines), "ascii")
            for server in servers if number % 2 == 0 else reversed(servers):
                samples[server.kind].append(_open(workshop, server, str(paths), step))
    memory = {kind: [_kib_per_connection(sample) for sample in samples[kind]] for kind in _KINDS}
    rate = {kind: [_handshakes_per_second(sample) for sample in samples[kind]] for kind in _KINDS}
    naive = "naive FastAPI"
    rows = [
        Row("Tandem, memory of an idle connection", spread(memory["tandem"]), "KiB"),
        Row(f"{naive}, memory of an idle connection", spread(memory["send_json"]), "KiB"),
        Row("Tandem / naive, memory", paired_ratios(memory["tandem"], memory["send_json"]), "x"),
        Row("Tandem, authenticated handshakes", spread(rate["tandem"]), "per s"),
        Row(f"{naive}, authenticated handshakes", spread(rate["send_json"]), "per s"),
        Row("Tandem / naive, handshakes", paired_ratios(rate["tandem"], rate["send_json"]), "x"),
    ]
    note = (
        "Resident memory of the websocket service's process, each connection of another user with a token of its own "
        "that has to be verified (EdDSA), on both sides; 64 handshakes at a time."
    )
    return Section("Connections", rows, [note], {"samples": samples})


def _open(workshop: Workshop, server: WebSocketServer, paths: str, step: int) -> dict[str, Any]:
    command: list[Any] = [workshop.client("connections"), server.port, server.pid, paths, _WARM_UP, step, _STEPS]
    sample: dict[str, Any] = json.loads(run_client(command))
    return sample


def _kib_per_connection(sample: dict[str, Any]) -> float:
    resident: list[int] = sample["resident_kib"]
    return (resident[-1] - resident[0]) / (sample["step"] * _STEPS)


def _handshakes_per_second(sample: dict[str, Any]) -> float:
    seconds: list[float] = sample["seconds"]
    return sample["step"] * len(seconds) / sum(seconds)
