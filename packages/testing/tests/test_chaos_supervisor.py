"""What ends by itself is started again and counted; what was ended on purpose stays down until it is to come back."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tandem_testing.chaos.supervisor import Supervisor
from tandem_testing.process import Process


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_what_was_ended_stays_down_until_it_is_started(tmp_path: Path, how: str) -> None:
    ended, other = (Process(name, ["/bin/sleep", "3600"], {}, tmp_path) for name in ("ended", "other"))
    for process in (ended, other):
        process.start()
    supervisor = Supervisor([ended, other])
    looking = asyncio.create_task(supervisor.run())
    try:
        await (supervisor.kill(ended) if how == "kill" else supervisor.stop(ended))
        # It has looked at both, and started the one that ended by itself.
        other.kill()
        await until(lambda: other.running)
        assert not ended.running
        await supervisor.start(ended)
        assert ended.running
        assert supervisor.restarts == {"other": 1}
    finally:
        looking.cancel()
        ended.kill()
        other.kill()
