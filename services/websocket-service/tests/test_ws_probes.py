"""Status, health, readiness, metrics, and events by HTTP."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from tandem_testing.sockets import SocketServer, receive, socket_server, task_event
from tandem_websocket.main import compose
from tandem_websocket.settings import WebSocketSettings


@pytest.fixture
async def guarded() -> AsyncGenerator[SocketServer]:
    async with socket_server(heartbeat_interval=3600, operator_token="op", app_api_token="sidecar") as running:
        yield running


@pytest.fixture
async def http(guarded: SocketServer) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=guarded.http) as client:
        yield client


async def test_status_is_as_documented(guarded: SocketServer, http: httpx.AsyncClient) -> None:
    ada, bob = str(uuid4()), str(uuid4())
    async with guarded.client(ada), guarded.client(ada), guarded.client(bob):
        public = (await http.get("/status")).json()
        assert public == {
            "service": "WebSocket Service",
            "version": "1.0.0",
            "status": "running",
            "connections": 3,
            "active_users": 2,
        }
        shown = (await http.get("/status", headers={"authorization": "Bearer op"})).json()
        assert shown == public | {"connections_per_user": {ada: 2, bob: 1}}
        for wrong in (b"Bearer wrong", b"Bearer", b"op", b"Basic op", b"Bearer \xfc"):
            answer = await http.get("/status", headers=[(b"authorization", wrong)])
            assert answer.json() == public


async def test_without_an_operators_token_nobody_sees_users(server: SocketServer) -> None:
    async with httpx.AsyncClient(base_url=server.http) as http, server.client(str(uuid4())):
        for header in ("Bearer", "Bearer x", ""):
            answer = await http.get("/status", headers={"authorization": header})
            assert "connections_per_user" not in answer.json()


async def test_health_ready_and_metrics_answer(guarded: SocketServer, http: httpx.AsyncClient) -> None:
    assert (await http.get("/health")).json() == {"status": "healthy"}
    ready = await http.get("/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "reasons": []})
    async with guarded.client(str(uuid4())) as client:
        await client.send("nonsense")
        await receive(client)
        text = (await http.get("/metrics")).text
    assert "tandem_websocket_connections 1.0" in text
    assert 'tandem_websocket_messages_refused_total{code="invalid_message"} 1.0' in text


def envelope(data: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": "1", "type": "com.dapr.event.sent", "source": "backend", "data": data}


async def post(http: httpx.AsyncClient, body: Any, sidecar: str = "sidecar") -> httpx.Response:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    headers = {"content-type": "application/cloudevents+json", "dapr-api-token": sidecar}
    return await http.post("/events/task-updates", content=content, headers=headers)


async def test_dapr_delivers_one_by_one(guarded: SocketServer, http: httpx.AsyncClient) -> None:
    user = str(uuid4())
    async with guarded.client(user) as client:
        assert (await post(http, envelope(task_event(user, 5)))).json() == {"status": "SUCCESS"}
        assert (await receive(client))["seq"] == 5
        as_string = orjson.dumps(task_event(user, 6)).decode()
        assert (await post(http, envelope(as_string))).json() == {"status": "SUCCESS"}
        assert (await receive(client))["seq"] == 6


async def test_dapr_delivers_in_bulk_and_the_batch_is_sorted(guarded: SocketServer, http: httpx.AsyncClient) -> None:
    user = str(uuid4())
    events = [envelope(task_event(user, seq)) for seq in (3, 1, 2)] + [envelope({"event_type": "?"}), None]
    entries: list[Any] = [
        {"entryId": f"e{number}", "event": event, "contentType": "application/cloudevents+json"}
        for number, event in enumerate(events)
    ]
    body: dict[str, Any] = {"id": "b", "entries": [*entries, "junk"], "pubsubname": "p", "topic": "t", "type": "x"}
    async with guarded.client(user) as client:
        answer = await post(http, body)
        assert answer.json() == {
            "statuses": [
                {"entryId": f"e{number}", "status": status}
                for number, status in enumerate(["SUCCESS"] * 3 + ["DROP"] * 2)
            ]
        }
        assert [(await receive(client))["seq"] for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("body", [b"", b"junk", b"[]", b"\xff", {}, {"data": None}, {"data": "junk"}, {"entries": 1}])
async def test_what_is_no_event_is_dropped_and_never_asked_for_again(
    guarded: SocketServer, http: httpx.AsyncClient, body: Any
) -> None:
    answer = await post(http, body)
    assert (answer.status_code, answer.json()) == (200, {"status": "DROP"})
    text = (await http.get("/metrics")).text
    assert "tandem_websocket_events_dropped_total{" in text
    assert guarded.metric("events_total", type="task.created") == 0


async def test_only_the_sidecar_may_send_events(guarded: SocketServer, http: httpx.AsyncClient) -> None:
    user = str(uuid4())
    async with guarded.client(user):
        answer = await post(http, envelope(task_event(user)), sidecar="wrong")
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert guarded.metric("deliveries_total") == 0


async def test_without_a_token_only_this_machine_may_send_events() -> None:
    app, _ = compose(WebSocketSettings.load())
    for address, status in (("127.0.0.1", 200), ("::1", 200), ("192.0.2.1", 403), ("nonsense", 403)):
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            assert (await post(http, envelope(task_event(str(uuid4()))))).status_code == status


async def test_there_are_no_subscriptions_but_the_declared_ones(guarded: SocketServer, http: httpx.AsyncClient) -> None:
    del guarded
    assert (await http.get("/dapr/subscribe")).json() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/json", "origin": "https://evil.example"},
        {"content-type": "text/plain"},
        {},
    ],
)
async def test_a_page_cannot_pass_for_the_sidecar(headers: dict[str, str]) -> None:
    async with socket_server(heartbeat_interval=3600) as running, httpx.AsyncClient(base_url=running.http) as http:
        answer = await http.post("/events/task-updates", content=b'{"data": {}}', headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_delivery_is_limited() -> None:
    async with socket_server(heartbeat_interval=3600) as running, httpx.AsyncClient(base_url=running.http) as http:
        headers = {"content-type": "application/json"}
        answer = await http.post("/events/task-updates", content=mebibytes(33), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def mebibytes(count: int) -> AsyncGenerator[bytes]:
    for _ in range(count):
        yield b" " * 1024 * 1024
