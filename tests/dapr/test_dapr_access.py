"""What a sidecar refuses: topics of others, programs that are not Tandem's, and all but four of Dapr's interfaces."""

import re
from pathlib import Path

import httpx
import pytest
import yaml

from tandem_platform.bus import TASK_UPDATES
from tandem_platform.dapr_bus import DaprBus
from tandem_testing.cluster.cluster import until
from tandem_testing.dapr_files import CONFIGURATION, DAPR_FILES, Role
from tandem_testing.daprd import Daprd
from tandem_testing.event_collector import EventCollector, event_collector
from tandem_testing.sidecars import Sidecars

ONE = [{"entryId": "1", "event": {"seq": 1}, "contentType": "application/json"}]


async def published(sidecars: Sidecars, sidecar: Daprd, topic: str) -> list[int]:
    """Publish an event, and a bulk of one; return how both were answered."""
    async with sidecars.client(sidecar) as client:
        single = await client.post(f"/publish/taskpubsub/{topic}", json={"seq": 1})
        bulk = await client.post(f"/publish/bulk/taskpubsub/{topic}", json=ONE)
    return [single.status_code, bulk.status_code]


async def test_each_side_publishes_to_its_own_topic_alone(sidecars: Sidecars, publisher: Daprd) -> None:
    subscriber = await sidecars.started("websocket-service", "subscriber", "websocket-0")
    assert await published(sidecars, publisher, TASK_UPDATES) == [204, 204]
    assert await published(sidecars, subscriber, "task-updates-poison") == [204, 204]
    for sidecar, topic in ((subscriber, TASK_UPDATES), (publisher, "task-updates-poison"), (publisher, "other")):
        assert await published(sidecars, sidecar, topic) == [403, 403]
    assert sidecars.redis.command("XLEN", TASK_UPDATES) == b":2\r\n"


async def test_a_backend_may_not_subscribe(sidecars: Sidecars, bus: DaprBus, collector: EventCollector) -> None:
    """Not even with a subscription of its own; one that may hears the same event."""
    async with event_collector() as listening:
        await sidecars.started("websocket-service", "subscriber", "websocket-0", listening.port)
        sidecar = sidecars.add("backend", "publisher", "backend-1", collector.port)
        document = yaml.safe_load((DAPR_FILES / "subscriber" / "subscription.yaml").read_text())
        (sidecar.resources[0] / "subscription.yaml").write_text(yaml.dump({**document, "scopes": ["backend"]}))
        sidecar.start()
        await sidecar.ready()
        await until(lambda: re.search("subscription to topic 'task-updates' .* is not allowed", sidecar.printed))
        await bus.publish(TASK_UPDATES, [b'{"seq":1}'])
        await listening.until(lambda: len(listening.events) == 1)
    assert collector.bulks == []
    groups = sidecars.redis.command("XINFO", "GROUPS", TASK_UPDATES)
    assert b"websocket-0" in groups
    assert b"backend" not in groups


@pytest.mark.parametrize("role", ["publisher", "subscriber"])
async def test_another_program_gets_no_component(sidecars: Sidecars, role: Role) -> None:
    sidecar = await sidecars.started("stranger", role, "stranger-0")
    async with sidecars.client(sidecar) as client:
        assert (await client.get("/metadata")).json().get("components", []) == []
    assert await published(sidecars, sidecar, TASK_UPDATES) == [404, 404]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/secrets/tandem-secrets/redis"),
        ("GET", "/secrets/tandem-secrets/bulk"),
        ("GET", "/state/taskpubsub/key"),
        ("GET", "/configuration/taskpubsub"),
        ("POST", "/bindings/taskpubsub"),
        ("POST", "/actors/kind/name/method/run"),
        ("POST", "/shutdown"),
    ],
)
async def test_an_interface_that_is_not_allowed_is_not_there(
    sidecars: Sidecars, publisher: Daprd, method: str, path: str
) -> None:
    async with sidecars.client(publisher) as client:
        reply = await client.request(method, path, json={})
        assert reply.status_code == 404
        assert sidecars.redis.password not in reply.text
        assert (await client.get("/metadata")).is_success


async def test_secrets_are_refused_even_where_the_interface_is_allowed(sidecars: Sidecars, tmp_path: Path) -> None:
    document = yaml.safe_load(CONFIGURATION.read_text())
    document["spec"]["api"]["allowed"].append({"name": "secrets", "version": "v1.0", "protocol": "http"})
    configuration = tmp_path / "configuration.yaml"
    configuration.write_text(yaml.dump(document))
    sidecar = await sidecars.started("backend", "publisher", "backend-0", configuration=configuration)
    async with sidecars.client(sidecar) as client:
        reply = await client.get("/secrets/tandem-secrets/redis")
        assert (reply.status_code, reply.json()["errorCode"]) == (403, "ERR_PERMISSION_DENIED")
        everything = await client.get("/secrets/tandem-secrets/bulk")
        assert everything.json() == {}


@pytest.mark.parametrize("call", ["GetSecret", "GetBulkSecret", "GetState", "PublishEvent", "Shutdown"])
async def test_grpc_is_closed(sidecars: Sidecars, publisher: Daprd, call: str) -> None:
    """Rules for HTTP alone would leave all of gRPC open."""
    headers = {"dapr-api-token": sidecars.dapr_token, "content-type": "application/grpc", "te": "trailers"}
    url = f"http://127.0.0.1:{publisher.grpc_port}/dapr.proto.runtime.v1.Dapr/{call}"
    async with httpx.AsyncClient(http1=False, http2=True, trust_env=False, headers=headers) as client:
        reply = await client.post(url, content=b"\0\0\0\0\0")
    assert reply.headers["grpc-message"] == "Not Implemented"
    assert publisher.running
