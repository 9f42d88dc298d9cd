"""Faults of one part do not overlap, are always healed, and are the same ones for the same seed."""

import asyncio
import random
from collections import Counter

import pytest

from tandem_testing.chaos.faults import Fault, Nemesis


class Parts:
    """Notes what is broken."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.broken: Counter[str] = Counter()
        self.together = 0

    def fault(self, part: str, what: str) -> Fault:
        async def inject() -> None:
            assert not self.broken[part], f"{part} is broken already"
            self.broken[part] += 1
            self.together = max(self.together, self.broken.total())
            if self.fails:
                raise OSError(what)

        async def heal() -> None:
            self.broken[part] -= 1

        return Fault(f"{part}: {what}", part, inject, heal, (0.0, 0.002))

    @property
    def faults(self) -> list[Fault]:
        return [self.fault(part, what) for part in "abc" for what in ("killed", "frozen")]


async def order(seed: int, lanes: int) -> tuple[Parts, list[str]]:
    parts, told = Parts(), list[str]()
    enough = asyncio.Event()

    def tell(what: str) -> None:
        told.append(what)
        if len(told) == 50:
            enough.set()

    nemesis = Nemesis(parts.faults, random.Random(seed), tell)  # noqa: S311 - repeatable
    running = asyncio.create_task(nemesis.run(lanes, 0.001))
    await enough.wait()
    nemesis.stop()
    await running
    assert nemesis.injected == Counter(told)
    return parts, told[:50]


async def test_faults_come_together_but_not_to_one_part() -> None:
    parts, told = await order(1, 2)
    assert parts.together == 2
    assert parts.broken.total() == 0
    assert len(set(told)) == 6


async def test_a_seed_repeats_the_faults() -> None:
    assert (await order(7, 1))[1] == (await order(7, 1))[1] != (await order(8, 1))[1]


async def test_a_fault_that_fails_is_healed_and_told() -> None:
    parts = Parts(fails=True)
    with pytest.raises(ExceptionGroup):
        await Nemesis(parts.faults, random.Random(1), print).run(1, 0.001)  # noqa: S311 - repeatable
    assert parts.broken.total() == 0
