"""The program's own Dapr sidecar, by its HTTP interface (https://docs.dapr.io/reference/api/)."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

import httpx
import orjson
from pydantic import BaseModel, Field, ValidationError

from tandem_platform.bus_settings import BusSettings

_LOOK_SECONDS: Final = 2.0
_SECONDS_MAX: Final = 5.0
_REQUEST_BYTES: Final = 2 * 1024 * 1024
"""Events of one request. A sidecar reads 4 MiB unless it is told otherwise (``--max-body-size``)."""


class SidecarError(Exception):
    """The sidecar did not do it; the text says why, and what to change where that is known."""


class _Component(BaseModel):
    name: str
    type: str


class _Subscription(BaseModel):
    pubsubname: str
    topic: str


class _Metadata(BaseModel):
    id: str
    components: list[_Component] = []
    subscriptions: list[_Subscription] = []


class _Refusal(BaseModel):
    code: str = Field("", alias="errorCode")
    message: str = ""


class Sidecar:
    """A client of the sidecar. One lives as long as the process."""

    def __init__(self, settings: BusSettings) -> None:
        """Create it; nothing is asked yet.

        Args:
            settings: The sidecar's port and token, and the names of component and topic.
        """
        self._settings = settings
        self._url = f"http://127.0.0.1:{settings.dapr_http_port}/v1.0"
        token = settings.dapr_api_token.get_secret_value()
        self.client: Final = httpx.AsyncClient(
            headers={"dapr-api-token": token} if token else {},
            timeout=_SECONDS_MAX,
            # The sidecar is on this machine, whatever proxy the environment names.
            trust_env=False,
        )
        """Shows the token with every request, also with those to other apps by way of `method_url`."""

    def method_url(self, app_id: str) -> str:
        """Return the URL under which the sidecar reaches another app's HTTP interface."""
        return f"{self._url}/invoke/{app_id}/method"

    async def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Publish JSON documents in few requests, one after the other.

        Raises:
            SidecarError: Not all of them were taken, perhaps none.
        """
        for portion in _portions(events):
            await self._publish(topic, portion)

    async def _publish(self, topic: str, events: Sequence[bytes]) -> None:
        entries = [
            # Without its content type an event would travel as a string.
            {"entryId": str(number), "event": orjson.Fragment(event), "contentType": "application/json"}
            for number, event in enumerate(events)
        ]
        reply = await self._ask(
            "POST",
            f"/publish/bulk/{self._settings.pubsub_name}/{topic}",
            content=orjson.dumps(entries),
            headers={"content-type": "application/json"},
        )
        if reply.is_error:
            raise SidecarError(_why(reply))

    async def check(self, *, subscribed: bool = False) -> None:
        """Look whether the sidecar is set up for this program.

        Args:
            subscribed: Whether events of the topic are to come by this sidecar.

        Raises:
            SidecarError: It is not; says what to change.
        """
        settings = self._settings
        reply = await self._ask("GET", "/metadata", timeout=_LOOK_SECONDS)
        if reply.is_error:
            raise SidecarError(_why(reply))
        try:
            found = _Metadata.model_validate_json(reply.content)
        except ValidationError:
            raise SidecarError(
                f"what answers on port {settings.dapr_http_port} is no Dapr sidecar; set DAPR_HTTP_PORT"
            ) from None
        names = {component.name for component in found.components if component.type.startswith("pubsub.")}
        if settings.pubsub_name not in names:
            has = ", ".join(sorted(names)) or "none"
            raise SidecarError(
                f"the Dapr sidecar has no pub/sub component {settings.pubsub_name} for the app id {found.id} "
                f"(it has: {has}); set DAPR_PUBSUB_NAME, or look at the component's name and scopes"
            )
        wanted = _Subscription(pubsubname=settings.pubsub_name, topic=settings.topic)
        if subscribed and wanted not in found.subscriptions:
            raise SidecarError(
                f"the Dapr sidecar has no subscription to {settings.topic} on {settings.pubsub_name} for the app id "
                f"{found.id}; is the Subscription (dapr.io/v2alpha1) among its resources, with this app id in `scopes`?"
            )

    async def close(self) -> None:
        """Let go of the connections."""
        await self.client.aclose()

    async def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return await self.client.request(method, self._url + path, **options)
        except httpx.HTTPError as error:
            raise SidecarError(
                f"no Dapr sidecar answers on port {self._settings.dapr_http_port} ({type(error).__name__}); "
                "start daprd beside this program, or set DAPR_HTTP_PORT"
            ) from error
        except RuntimeError as error:
            # What httpx raises once it was closed.
            raise SidecarError("the connection to the Dapr sidecar is closed") from error


def _portions(events: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Divide events, in their order, so that a sidecar reads each request; one that is too large stands alone."""
    portion: list[bytes] = []
    size = 0
    for event in events:
        if portion and size + len(event) > _REQUEST_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(event)
        size += len(event)
    if portion:
        yield portion


def _why(reply: httpx.Response) -> str:
    if reply.status_code == HTTPStatus.UNAUTHORIZED:
        return "the Dapr sidecar refuses the token; DAPR_API_TOKEN has to be the sidecar's own"
    try:
        refusal = _Refusal.model_validate_json(reply.content)
    except ValidationError:
        refusal = _Refusal.model_construct()
    if refusal.code in {"ERR_PUBSUB_NOT_FOUND", "ERR_PUBSUB_NOT_CONFIGURED"}:
        return f"{refusal.message}; set DAPR_PUBSUB_NAME, or look at the component's name and scopes"
    if refusal.code == "ERR_PUBSUB_FORBIDDEN":
        return f"{refusal.message}; look at the component's publishingScopes"
    detail = " ".join(filter(None, (refusal.code, refusal.message)))
    return f"the Dapr sidecar answered {reply.status_code} {detail}".rstrip()
