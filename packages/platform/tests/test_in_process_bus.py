from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from tandem_platform.bus import TASK_UPDATES, BusUnavailableError, EventBus, InProcessBus
from tandem_testing.bus_contract import BusContract, Subscriber


class TestInProcessBus(BusContract):
    @asynccontextmanager
    async def connected(self, subscribers: Sequence[Subscriber]) -> AsyncGenerator[EventBus]:
        bus = InProcessBus()
        for subscriber in subscribers:
            bus.subscribe(TASK_UPDATES, subscriber.handle)
        yield bus
        await bus.close()


async def test_topics_are_apart() -> None:
    bus, one, other = InProcessBus(), Subscriber(), Subscriber()
    bus.subscribe("one", one.handle)
    bus.subscribe("other", other.handle)
    await bus.publish("one", [b"1"])
    assert await one.take(1) == [1]
    assert other.is_empty()


async def test_the_handlers_error_is_the_cause() -> None:
    bus, failure = InProcessBus(), ValueError("broken")

    async def fail(_: Sequence[bytes]) -> None:
        raise failure

    bus.subscribe(TASK_UPDATES, fail)
    with pytest.raises(BusUnavailableError) as caught:
        await bus.publish(TASK_UPDATES, [b"1"])
    assert caught.value.__cause__ is failure
