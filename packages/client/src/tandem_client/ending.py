"""Ending what runs beside."""

import asyncio
from typing import Any


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task, and wait until it has ended.

    Whoever waits here can be cancelled as well, and then is: to suppress the task's `CancelledError` would swallow that
    of the one who waits.

    Raises:
        Exception: What the task raised, if it was not the cancellation.
    """
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
