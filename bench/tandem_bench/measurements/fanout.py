"""CPU for a delivery to 100 sockets of one user, against naive FastAPI servers."""

import json
from pathlib import Path
from typing import Any, Final

from tandem_bench.events import task_event
from tandem_bench.programs import BenchError, run_client
from tandem_bench.report import Row, Section
from tandem_bench.summary import paired_ratios, spread
from tandem_bench.websocket_servers import Issuer, Kind, WebSocketServer, new_id, websocket_servers
from tandem_bench.workshop import Workshop

_KINDS: Final[tuple[Kind, ...]] = ("tandem", "send_json", "serialise once")
_SOCKETS: Final = 100


def measure(workshop: Workshop) -> Section:
    """Post events to each server in turn and read them from 100 sockets."""
    rounds, events = (1, 50) if workshop.quick else (7, 400)
    issuer = Issuer()
    user_id = new_id()
    event = task_event(user_id)
    folder = workshop.folder("fanout-client")
    paths, body = folder / "paths", folder / "body"
    paths.write_text("\n".join(issuer.socket_path(user_id) for _ in range(_SOCKETS)), "ascii")
    body.write_text(json.dumps({"specversion": "1.0", "id": new_id(), "data": event}, separators=(",", ":")), "ascii")
    samples: dict[Kind, list[dict[str, Any]]] = {kind: [] for kind in _KINDS}
    with websocket_servers(workshop, "fanout", issuer, *_KINDS) as servers:
        for number in range(rounds):
            for server in servers if number % 2 == 0 else reversed(servers):
                samples[server.kind].append(_load(workshop, server, folder, events, event))
    cost = {
        kind: [sample["server_cpu"] * 1e6 / sample["deliveries"] for sample in of_kind]
        for kind, of_kind in samples.items()
    }
    rows = [
        Row("Tandem", spread(cost["tandem"]), "µs"),
        Row("FastAPI, send_json to each", spread(cost["send_json"]), "µs"),
        Row("FastAPI, serialised once, send_text", spread(cost["serialise once"]), "µs"),
        Row("Tandem / send_json", paired_ratios(cost["tandem"], cost["send_json"]), "x"),
        Row("Tandem / serialised once", paired_ratios(cost["tandem"], cost["serialise once"]), "x"),
    ]
    note = (
        f"Server CPU (user and system) for each of {_SOCKETS} deliveries of {samples['tandem'][0]['payload_bytes']} "
        "bytes; events one at a time, posted to /events/task-updates of the standalone websocket service as Dapr "
        "would, so a hundredth of the POST is in it, on all sides. Every payload is compared byte by byte."
    )
    return Section("Fan-out", rows, [note], {"samples": samples})


def _load(
    workshop: Workshop, server: WebSocketServer, folder: Path, events: int, event: dict[str, Any]
) -> dict[str, Any]:
    received = folder / "sample"
    command: list[Any] = [workshop.client("fanout"), server.port, server.pid, folder / "paths", folder / "body"]
    command += [events, received]
    sample: dict[str, Any] = json.loads(run_client(command))
    message: dict[str, Any] = json.loads(received.read_bytes())
    expected = {name: value for name, value in event.items() if name not in {"event_type", "event_id", "audience"}}
    expected |= {"type": "task_update", "event": event["event_type"]}
    expected.pop("user_id")
    if message != expected:
        raise BenchError(f"{server.kind} delivered {message} instead of {expected}")
    return sample
