"""The bus without a broker, against a real server that takes events as Dapr delivers them in bulk."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from tandem_platform.bus import TASK_UPDATES, BusUnavailableError, EventBus
from tandem_platform.http_bus import HttpBus
from tandem_platform.server import bind
from tandem_testing.bus_contract import BusContract, Subscriber
from tandem_testing.serving import served


def subscribing_app(subscriber: Subscriber) -> FastAPI:
    app = FastAPI()

    @app.post(f"/events/{TASK_UPDATES}")
    async def deliver(batch: dict[str, Any]) -> dict[str, Any]:
        entries: list[dict[str, Any]] = batch["entries"]
        try:
            await subscriber.handle([orjson.dumps(entry["event"]["data"]) for entry in entries])
        except RuntimeError:
            status = "RETRY"
        else:
            status = "SUCCESS"
        return {"statuses": [{"entryId": entry["entryId"], "status": status} for entry in entries]}

    return app


class TestHttpBus(BusContract):
    SUBSCRIBERS = 1  # It posts to one websocket service.

    @asynccontextmanager
    async def connected(self, subscribers: Sequence[Subscriber]) -> AsyncGenerator[EventBus]:
        (subscriber,) = subscribers
        async with served(subscribing_app(subscriber)) as port:
            bus = HttpBus(f"http://127.0.0.1:{port}", httpx.AsyncClient())
            yield bus
            await bus.close()


def bus_answering(handler: Any, **options: Any) -> HttpBus:
    return HttpBus("http://subscriber/", httpx.AsyncClient(transport=httpx.MockTransport(handler)), **options)


async def test_batch_has_the_form_of_dapr() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"statuses": [{"entryId": "0", "status": "SUCCESS"}]})

    await bus_answering(answer, api_token="secret").publish(TASK_UPDATES, [b'{"seq":1}'])
    (request,) = requests
    assert str(request.url) == "http://subscriber/events/task-updates"
    assert request.headers["dapr-api-token"] == "secret"
    (entry,) = orjson.loads(request.content)["entries"]
    assert entry["contentType"] == "application/cloudevents+json"
    assert entry["event"]["data"] == {"seq": 1}


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(503),
        httpx.Response(401),
        httpx.Response(200, text="hello"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"statuses": [{}]}),
        httpx.Response(200, json={"statuses": ["SUCCESS"]}),
        httpx.Response(200, json={"statuses": []}),
        httpx.Response(200, json={"statuses": [{"entryId": "0", "status": "SUCCESS"}]}),
        httpx.Response(200, json={"statuses": [{"entryId": str(n), "status": "RETRY"} for n in (0, 1)]}),
    ],
)
async def test_whatever_is_not_success_is_unavailable(reply: httpx.Response) -> None:
    """EV1: an event leaves the outbox only when it was taken for certain."""

    def answer(_: httpx.Request) -> httpx.Response:
        return reply

    with pytest.raises(BusUnavailableError):
        await bus_answering(answer).publish(TASK_UPDATES, [b'{"seq":1}', b'{"seq":2}'])


async def test_no_subscriber_is_unavailable() -> None:
    listener = bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    listener.close()
    bus = HttpBus(f"http://127.0.0.1:{port}", httpx.AsyncClient())
    with pytest.raises(BusUnavailableError):
        await bus.publish(TASK_UPDATES, [b"{}"])
    await bus.close()
