"""Whether changes are pushed again after all the faults: clients that pull now and then end right, and are deaf."""

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import groupby

from tandem_testing.chaos.players import Player


async def deaf(players: Sequence[Player], seconds: float) -> list[str]:
    """Make tasks until each player has heard of one without asking for it; return who never did.

    Args:
        players: Signed in; those of a user stand side by side.
        seconds: How long it may take.
    """
    silent = set(players)
    try:
        async with asyncio.timeout(seconds):
            while silent:
                before = {player: player.pulls for player in players}
                users = [list(devices) for _, devices in groupby(players, lambda player: player.client.user.id)]
                await asyncio.gather(*(_told(devices) for devices in users))
                silent -= {player for player in silent if player.pulls == before[player]}
    except TimeoutError:
        pass
    return [f"{player.name} hears of nothing, and is {player.client.status}" for player in silent]


async def _told(devices: Sequence[Player]) -> None:
    """Have a user make a task on one device, and wait until all of them show that it is made."""
    task = devices[0].add()
    await asyncio.gather(*(device.client.until(partial(_has, device, task)) for device in devices))


def _has(device: Player, task: str) -> bool:
    return task in device.client.confirmed
