"""What every event bus must do. A test module subclasses `BusContract` and says how its bus is reached."""

# ruff: noqa: S101 - these are tests, though they do not lie in a folder of tests

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import orjson
import pytest

from tandem_platform.bus import TASK_UPDATES, BusUnavailableError, EventBus

_PATIENCE_SECONDS: Final = 10.0


class Subscriber:
    """A consumer of a topic: keeps what arrives, and refuses everything while ``failing``."""

    def __init__(self) -> None:
        self.failing = False
        self._arrived: asyncio.Queue[Any] = asyncio.Queue()

    async def handle(self, events: Sequence[bytes]) -> None:
        """Take a batch; see `tandem_platform.bus.Handler`."""
        if self.failing:
            raise RuntimeError("the subscriber is failing")
        for event in events:
            self._arrived.put_nowait(orjson.loads(event))

    async def take(self, count: int) -> list[Any]:
        """Wait for the next ``count`` events and return them, decoded, in the order of their arrival.

        Raises:
            TimeoutError: They do not come.
        """
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return [await self._arrived.get() for _ in range(count)]

    def is_empty(self) -> bool:
        """Return whether everything that arrived was taken."""
        return self._arrived.empty()


class BusContract(ABC):
    """Tests of `tandem_platform.bus.EventBus` (EV2, EV4)."""

    @abstractmethod
    def connected(self, subscriber: Subscriber) -> AbstractAsyncContextManager[EventBus]:
        """Return a bus that delivers the topic ``task-updates`` to ``subscriber``."""

    @pytest.fixture
    def subscriber(self) -> Subscriber:
        """Return the consumer at the other end."""
        return Subscriber()

    @pytest.fixture
    async def bus(self, subscriber: Subscriber) -> AsyncIterator[EventBus]:
        """Yield the bus under test."""
        async with self.connected(subscriber) as bus:
            yield bus

    async def test_events_arrive_in_their_order(self, bus: EventBus, subscriber: Subscriber) -> None:
        """EV2."""
        events = [b'{"seq":%d}' % seq for seq in range(250)]
        await bus.publish(TASK_UPDATES, events[:100])
        await bus.publish(TASK_UPDATES, events[100:101])
        await bus.publish(TASK_UPDATES, events[101:])
        assert await subscriber.take(250) == [{"seq": seq} for seq in range(250)]

    async def test_events_arrive_whole(self, bus: EventBus, subscriber: Subscriber) -> None:
        """Whatever JSON allows in a text comes through."""
        event = {"title": '\N{SNOWMAN} " \u0007 \\u0000 }},{', "description": "x" * 20_000, "due": None}
        await bus.publish(TASK_UPDATES, [orjson.dumps(event)])
        assert await subscriber.take(1) == [event]

    async def test_no_events_are_no_delivery(self, bus: EventBus, subscriber: Subscriber) -> None:
        """An empty batch is taken, and nothing comes of it."""
        await bus.publish(TASK_UPDATES, [])
        assert subscriber.is_empty()

    async def test_refused_events_can_be_published_again(self, bus: EventBus, subscriber: Subscriber) -> None:
        """EV4."""
        subscriber.failing = True
        with pytest.raises(BusUnavailableError):
            await bus.publish(TASK_UPDATES, [b'{"seq":1}'])
        subscriber.failing = False
        await bus.publish(TASK_UPDATES, [b'{"seq":1}'])
        assert await subscriber.take(1) == [{"seq": 1}]

    async def test_closed_bus_takes_nothing(self, bus: EventBus, subscriber: Subscriber) -> None:
        """EV1: an event that nobody will deliver must stay in the outbox."""
        await bus.close()
        with pytest.raises(BusUnavailableError):
            await bus.publish(TASK_UPDATES, [b'{"seq":1}'])
        assert subscriber.is_empty()

    async def test_closing_twice_is_closing(self, bus: EventBus) -> None:
        """Clean-up after a failure may come twice."""
        await bus.close()
        await bus.close()
