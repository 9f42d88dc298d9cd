"""What is set up wrongly says so: in `/ready`, in words that tell what to change, and it does not serve (EV10)."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tandem_testing.cluster.cluster import Cluster, Member
from tandem_testing.daprd import Daprd
from tandem_testing.postgres import PostgresServer

SECONDS = 30.0


@pytest.fixture
async def make(postgres_server: PostgresServer) -> AsyncGenerator[Callable[..., Cluster]]:
    """Return a function that makes a small cluster, not started."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-cluster-"))
    made: list[Cluster] = []
    try:
        with postgres_server.database() as url:

            def build(**options: Any) -> Cluster:
                made.append(Cluster(folder, url, pages=folder, backends=1, sockets=1, **options))
                return made[-1]

            yield build
            for cluster in made:
                await cluster.close()
    finally:
        shutil.rmtree(folder)


async def complains(member: Member, *words: str) -> None:
    """Wait until a program says why it is not ready, with all of these words."""
    said = ""
    try:
        async with asyncio.timeout(SECONDS), httpx.AsyncClient(trust_env=False) as client:
            while True:
                try:
                    reply = await client.get(f"{member.url}/ready")
                    said = reply.text
                    if reply.status_code == 503 and all(word in said for word in words):
                        break
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{member.program.name} says {said}, without {words}") from None
    # It is in the log as well, for those who do not look at probes.
    async with asyncio.timeout(SECONDS):
        while True:
            if words[0] in member.program.printed:
                return
            await asyncio.sleep(0.05)


async def test_no_sidecar(make: Callable[..., Cluster]) -> None:
    cluster = make()
    cluster.launch()
    for member in cluster.members:
        member.sidecar.kill()
        member.program.kill()
        member.program.start()
    for member in cluster.members:
        await complains(member, "no Dapr sidecar answers", "DAPR_HTTP_PORT")


async def test_another_name_for_the_component(make: Callable[..., Cluster]) -> None:
    cluster = make(settings={"DAPR_PUBSUB_NAME": "pubsub"})
    cluster.launch()
    for member in cluster.members:
        await complains(member, "no pub/sub component pubsub", "it has: taskpubsub", "DAPR_PUBSUB_NAME")


async def test_another_topic(make: Callable[..., Cluster]) -> None:
    cluster = make(settings={"DAPR_TOPIC": "updates"})
    cluster.launch()
    await complains(cluster.sockets[0], "no subscription to updates", "v2alpha1")


async def test_the_sidecar_wants_another_token(make: Callable[..., Cluster]) -> None:
    cluster = make(settings={"DAPR_API_TOKEN": "wrong"})
    cluster.launch()
    for member in cluster.members:
        await complains(member, "refuses the token", "DAPR_API_TOKEN")


async def test_the_program_wants_another_token_of_the_sidecar(make: Callable[..., Cluster]) -> None:
    cluster = make(settings={"APP_API_TOKEN": "wrong"})
    cluster.launch()
    await complains(cluster.sockets[0], "do not arrive here", "APP_API_TOKEN")


async def test_the_services_have_other_tokens(make: Callable[..., Cluster]) -> None:
    cluster = make()
    cluster.sockets[0].program.environment["TANDEM_INTERNAL_TOKEN"] = "wrong"
    cluster.launch()
    await complains(cluster.sockets[0], "answered 404", "TANDEM_INTERNAL_TOKEN")


async def test_other_keys_for_events(make: Callable[..., Cluster]) -> None:
    cluster = make()
    cluster.sockets[0].program.environment["TANDEM_EVENT_KEYS"] = "other:" + "x" * 40
    cluster.launch()
    await complains(cluster.sockets[0], "do not arrive here", "TANDEM_EVENT_KEYS")


async def test_a_subscription_that_leads_nowhere(make: Callable[..., Cluster]) -> None:
    cluster = make()
    for file in cluster.sockets[0].sidecar.resources[0].glob("*.yaml"):
        file.write_text(file.read_text().replace("/events/task-updates", "/events/other"))
    cluster.launch()
    await complains(cluster.sockets[0], "do not arrive here", "/events/task-updates")


async def test_backends_of_other_installations_are_not_asked(make: Callable[..., Cluster], tmp_path: Path) -> None:
    """A sidecar would ask whoever says by multicast that it is a backend, and take its public keys."""
    cluster = make()
    (tmp_path / "resources").mkdir()
    stranger = Daprd("backend", app_port=1, resources=[tmp_path / "resources"], environment={}, folder=tmp_path)
    stranger.start()
    try:
        await stranger.ready()
        await cluster.start()
        member = cluster.sockets[0]
        headers = {"dapr-api-token": member.sidecar.environment["DAPR_API_TOKEN"]}
        async with httpx.AsyncClient(trust_env=False, headers=headers, timeout=SECONDS) as client:
            for _ in range(20):
                reply = await client.get(f"{member.sidecar.url}/invoke/backend/method/.well-known/jwks.json")
                assert reply.is_success, reply.text
    finally:
        stranger.kill()


async def test_no_keys_for_events(make: Callable[..., Cluster]) -> None:
    """EV9: nobody signs or checks by accident nothing."""
    cluster = make(settings={"TANDEM_EVENT_KEYS": ""})
    cluster.launch()
    async with asyncio.timeout(SECONDS):
        for member in cluster.members:
            while True:
                if not member.program.running:
                    break
                await asyncio.sleep(0.05)
            assert "TANDEM_EVENT_KEYS is missing" in member.program.printed
            assert "Traceback" not in member.program.printed
