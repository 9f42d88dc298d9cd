"""Waiting for programs."""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Final

import httpx

from tandem_testing.process import Process

_LOOK_SECONDS: Final = 0.05
_ANSWER_SECONDS: Final = 5.0


async def until_ready(
    program: Process,
    url: str,
    *,
    seconds: float,
    tls: ssl.SSLContext | None = None,
    beside: Sequence[Process] = (),
) -> None:
    """Wait until a program says in `/ready` that it is.

    Args:
        program: Runs.
        url: Where it answers.
        seconds: How long at most.
        tls: What is trusted, where it speaks https.
        beside: Processes whose output may tell why it does not get ready.

    Raises:
        TimeoutError: It does not; says why.
        RuntimeError: It has ended; with what it printed.
    """
    said = ""
    try:
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(trust_env=False, timeout=_ANSWER_SECONDS, verify=tls or False) as client,
        ):
            while True:
                try:
                    reply = await client.get(f"{url}/ready")
                    if reply.is_success:
                        return
                    said = reply.text
                except httpx.TransportError as error:
                    said = repr(error)
                if not program.running:
                    raise RuntimeError(f"{program.name} has ended: {program.printed}")
                # What another process does can only be looked at.
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        printed = "".join(process.printed for process in (program, *beside))
        raise TimeoutError(f"{program.name} is not ready: {said} {printed}") from None
