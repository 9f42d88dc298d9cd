"""Ending what runs beside leaves no way for a cancellation to get lost: a client that is closed has to end."""

import asyncio

import pytest

from tandem_client.ending import end


async def test_whoever_waits_for_an_end_can_be_cancelled() -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            asked.set()
            await ended.wait()

    task = asyncio.create_task(slow_to_end())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(end(task))
    async with asyncio.timeout(10):
        await asked.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        ended.set()
        await asyncio.wait([task])


async def test_what_a_task_raised_is_told() -> None:
    async def fails() -> None:
        raise ValueError("mistake")

    task = asyncio.create_task(fails())
    await asyncio.wait([task])
    with pytest.raises(ValueError, match="mistake"):
        await end(task)
