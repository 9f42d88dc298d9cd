"""What every event bus must do. A test module subclasses `BusContract` and says how its bus is reached."""

# ruff: noqa: S101 - these are tests, though they do not lie in a folder of tests

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, ClassVar, Final

import orjson
import pytest

from tandem_backend.services.event_publisher import BATCH
from tandem_platform.bus import TASK_UPDATES, BusUnavailableError, EventBus
from tandem_protocol.limits import DESCRIPTION_MAX

_PATIENCE_SECONDS: Final = 30.0
_AGAIN_SECONDS: Final = 0.05


class Subscriber:
    """A consumer of a topic: keeps what arrives, and refuses everything while ``failing``."""

    def __init__(self) -> None:
        self.failing = False
        self.refused = asyncio.Event()
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self._seen: set[bytes] = set()

    async def handle(self, events: Sequence[bytes]) -> None:
        """Take a batch; see `tandem_platform.bus.Handler`."""
        if self.failing:
            self.refused.set()
            raise RuntimeError("the subscriber is failing")
        for event in events:
            self._arrived.put_nowait(event)

    async def take(self, count: int) -> list[Any]:
        """Wait for the next ``count`` events and return them, decoded, in the order of their arrival.

        An event that came before does not count: every bus may deliver twice.

        Raises:
            TimeoutError: They do not come.
        """
        taken: list[Any] = []
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while len(taken) < count:
                document = orjson.loads(await self._arrived.get())
                key = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
                if key not in self._seen:
                    self._seen.add(key)
                    taken.append(document)
        return taken

    def is_empty(self) -> bool:
        """Return whether everything that arrived was taken."""
        return self._arrived.empty()


async def publish_at_last(bus: EventBus, events: Sequence[bytes]) -> None:
    """Publish again and again until the bus has taken the events, as the relay does.

    Raises:
        TimeoutError: It does not take them.
    """
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            try:
                await bus.publish(TASK_UPDATES, events)
            except BusUnavailableError:
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return


def numbered(count: int) -> list[bytes]:
    """Return events that can be told apart."""
    return [b'{"seq":%d}' % seq for seq in range(count)]


class BusContract(ABC):
    """Tests of `tandem_platform.bus.EventBus` (EV2, EV4).

    A bus that cannot do all says so by an attribute, with the reason.
    """

    KEEPS_ORDER: ClassVar[bool] = True
    """Whether events arrive in the order in which they were published (EV2)."""
    SUBSCRIBERS: ClassVar[int] = 2
    """How many there may be, each of which gets each event."""

    @abstractmethod
    def connected(self, subscribers: Sequence[Subscriber]) -> AbstractAsyncContextManager[EventBus]:
        """Return a bus that delivers the topic ``task-updates`` to each of ``subscribers``."""

    @asynccontextmanager
    async def broken(self, subscribers: Sequence[Subscriber]) -> AsyncGenerator[None]:
        """Have the bus take nothing meanwhile. One without a queue of its own takes nothing for those that fail."""
        for subscriber in subscribers:
            subscriber.failing = True
        yield
        for subscriber in subscribers:
            subscriber.failing = False

    @pytest.fixture
    def subscribers(self) -> list[Subscriber]:
        """Return the consumers at the other end."""
        return [Subscriber() for _ in range(self.SUBSCRIBERS)]

    @pytest.fixture
    def subscriber(self, subscribers: list[Subscriber]) -> Subscriber:
        """Return one of the consumers."""
        return subscribers[0]

    @pytest.fixture
    async def bus(self, subscribers: list[Subscriber]) -> AsyncIterator[EventBus]:
        """Yield the bus under test."""
        async with self.connected(subscribers) as bus:
            yield bus

    async def test_each_subscriber_gets_each_event(self, bus: EventBus, subscribers: list[Subscriber]) -> None:
        """F17, EV2."""
        events = numbered(250)
        await bus.publish(TASK_UPDATES, events[:100])
        await bus.publish(TASK_UPDATES, events[100:101])
        await bus.publish(TASK_UPDATES, events[101:])
        for subscriber in subscribers:
            seqs = [event["seq"] for event in await subscriber.take(250)]
            assert (seqs if self.KEEPS_ORDER else sorted(seqs)) == list(range(250))

    async def test_events_arrive_whole(self, bus: EventBus, subscriber: Subscriber) -> None:
        """Whatever JSON allows in a text comes through."""
        event = {"title": '\N{SNOWMAN} <&> \U0001f9e6" \u0007 \\u0000 }},{', "description": "x" * 20_000, "due": None}
        await bus.publish(TASK_UPDATES, [orjson.dumps(event)])
        assert await subscriber.take(1) == [event]

    @pytest.mark.parametrize("wide", ["\u0007", "<", "\U0001f9e6"])
    async def test_the_relays_largest_batch_arrives(self, bus: EventBus, subscriber: Subscriber, wide: str) -> None:
        """EV4: one that could never be taken would stop everything behind it. Texts of 4 to 6 bytes a character."""
        events = [{"seq": seq, "description": wide * DESCRIPTION_MAX} for seq in range(BATCH)]
        await bus.publish(TASK_UPDATES, [orjson.dumps(event) for event in events])
        arrived = await subscriber.take(BATCH)
        assert (arrived if self.KEEPS_ORDER else sorted(arrived, key=lambda event: event["seq"])) == events

    async def test_no_events_are_no_delivery(self, bus: EventBus, subscriber: Subscriber) -> None:
        """An empty batch is taken, and nothing comes of it."""
        await bus.publish(TASK_UPDATES, [])
        await bus.publish(TASK_UPDATES, numbered(1))
        assert await subscriber.take(1) == [{"seq": 0}]
        assert subscriber.is_empty()

    async def test_refused_events_can_be_published_again(self, bus: EventBus, subscribers: list[Subscriber]) -> None:
        """EV4. Of what was refused some may arrive all the same: it is published twice then."""
        async with self.broken(subscribers):
            with pytest.raises(BusUnavailableError):
                await bus.publish(TASK_UPDATES, numbered(3))
        await publish_at_last(bus, numbered(3))
        for subscriber in subscribers:
            assert {event["seq"] for event in await subscriber.take(3)} == {0, 1, 2}

    async def test_what_the_bus_took_arrives_though_a_subscriber_fails(
        self, bus: EventBus, subscribers: list[Subscriber]
    ) -> None:
        """EV1: the outbox has forgotten it. A bus that cannot keep it for the subscriber must not take it."""
        subscribers[0].failing = True
        publishing = asyncio.create_task(publish_at_last(bus, numbered(3)))
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await subscribers[0].refused.wait()
        subscribers[0].failing = False
        await publishing
        for subscriber in subscribers:
            assert {event["seq"] for event in await subscriber.take(3)} == {0, 1, 2}

    async def test_closed_bus_takes_nothing(self, bus: EventBus, subscriber: Subscriber) -> None:
        """EV1: an event that nobody will deliver must stay in the outbox."""
        await bus.close()
        with pytest.raises(BusUnavailableError):
            await bus.publish(TASK_UPDATES, numbered(1))
        assert subscriber.is_empty()

    async def test_closing_twice_is_closing(self, bus: EventBus) -> None:
        """Clean-up after a failure may come twice."""
        await bus.close()
        await bus.close()
