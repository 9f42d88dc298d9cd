"""F22: the database is put back from a backup while clients are ahead of it (SP5, FD3, CL5)."""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from tandem_testing.client import fetch, following
from tandem_testing.server import TandemServer, run_tandem


@pytest.mark.parametrize("rotates", [True, False], ids=["rotate_epoch", "forgotten"])
@pytest.mark.parametrize("later", [0, 2], ids=["nothing_later", "something_later"])
async def test_clients_ahead_of_a_restored_database_find_out_f22(
    tandem: Callable[..., TandemServer],
    rotates: bool,  # noqa: FBT001
    later: int,
) -> None:
    """Without the new epoch they notice as long as the database is behind them."""
    server = tandem(HEARTBEAT_INTERVAL="0.5").start()
    ada, other = await server.register(), await server.login()
    kept = await ada.made(title="kept")
    changed = await ada.made(title="as it was")
    assert server.stop() == 0
    backup = server.data.with_name("backup")
    shutil.copytree(server.data, backup)
    server.start()
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(following(device)) for device in (ada, other)]
        await ada.patch(changed["id"], title="changed since")
        await ada.delete(kept["id"])
        for _ in range(5):
            await ada.made(title="since the backup")
        expected = await fetch(ada)
        for client in clients:
            await client.shows(expected)
        assert await asyncio.to_thread(server.stop) == 0
        shutil.rmtree(server.data)
        shutil.copytree(backup, server.data)
        if rotates:
            rotated = await asyncio.to_thread(run_tandem, server.environment, "rotate-epoch")
            assert rotated.returncode == 0, rotated.stderr
        await asyncio.to_thread(server.start)
        for number in range(later):
            await ada.made(title=f"later {number}")
        restored = await fetch(ada)
        assert len(restored) == 2 + later
        assert restored[changed["id"]]["title"] == "as it was"
        for client in clients:
            await client.shows(restored)
            assert client.resets > 2
        await ada.made(title="and on it goes")
        for client in clients:
            await client.shows(await fetch(ada))


async def test_new_epoch_lets_a_client_that_was_away_find_out_f22_sp5(tandem: Callable[..., TandemServer]) -> None:
    """The restored history has caught up with the client's place: only the epoch tells the two apart."""
    server = tandem(HEARTBEAT_INTERVAL="0.5").start()
    ada, other = await server.register(), await server.login()
    await ada.made(title="kept")
    assert server.stop() == 0
    backup = server.data.with_name("backup")
    shutil.copytree(server.data, backup)
    server.start()
    await ada.made(title="lost with the restore")
    place = (await other.changes())["cursor"]
    assert server.stop() == 0
    shutil.rmtree(server.data)
    shutil.copytree(backup, server.data)
    assert run_tandem(server.environment, "rotate-epoch").returncode == 0
    server.start()
    await ada.made(title="made since")
    found = [space for space in (await other.changes(place))["spaces"] if space["head"]]
    assert [space["reset"] for space in found] == [True]
    assert sorted(task["title"] for task in found[0]["tasks"]) == ["kept", "made since"]
