from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from tandem_platform.bus import TASK_UPDATES, BusUnavailableError, EventBus, InProcessBus
from tandem_testing.bus_contract import BusContract, Subscriber


class TestInProcessBus(BusContract):
    @asynccontextmanager
    async def connected(self, subscriber: Subscriber) -> AsyncGenerator[EventBus]:
        bus = InProcessBus()
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


async def test_every_handler_gets_every_event() -> None:
    bus, first, second = InProcessBus(), Subscriber(), Subscriber()
    bus.subscribe(TASK_UPDATES, first.handle)
    bus.subscribe(TASK_UPDATES, second.handle)
    await bus.publish(TASK_UPDATES, [b"1"])
    assert await first.take(1) == await second.take(1) == [1]


async def test_the_handlers_error_is_the_cause() -> None:
    bus, failure = InProcessBus(), ValueError("broken")

    async def fail(_: Sequence[bytes]) -> None:
        raise failure

    bus.subscribe(TASK_UPDATES, fail)
    with pytest.raises(BusUnavailableError) as caught:
        await bus.publish(TASK_UPDATES, [b"1"])
    assert caught.value.__cause__ is failure
