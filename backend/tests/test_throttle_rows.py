"""The rows behind the limits on tries (AU2), where transactions meet on one of them."""

import asyncio
import threading

import pytest
from sqlalchemy import Connection, text

from tandem_backend.settings import BackendSettings
from tandem_backend.storage import throttle
from tandem_backend.storage.database import Database
from tandem_backend.storage.locate import open_database

_KEY = "account:ada@example.org"
_NOW = 1_000.0


def _until_somebody_waits(connection: Connection) -> None:
    while not connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one():
        pass


async def _state(database: Database) -> float:
    return await database.write(lambda connection: throttle.arrival(connection, _KEY))


async def _set(database: Database, state: float) -> None:
    def operation(connection: Connection) -> None:
        throttle.arrival(connection, _KEY)
        throttle.keep(connection, _KEY, state)

    await database.write(operation)


@pytest.mark.postgres
async def test_au2_a_limit_that_is_deleted_while_a_try_waits_for_it_is_a_new_one(
    postgres_settings: BackendSettings,
) -> None:
    database = open_database(postgres_settings)
    await _set(database, _NOW)
    held = threading.Event()

    def deletes(connection: Connection) -> None:
        throttle.clear(connection, _KEY)
        held.set()
        _until_somebody_waits(connection)

    deletion = asyncio.create_task(database.write(deletes))
    await asyncio.to_thread(held.wait)
    assert await _state(database) == 0.0
    await deletion
    await database.close()


@pytest.mark.postgres
async def test_au2_the_janitor_leaves_a_limit_that_a_try_holds(postgres_settings: BackendSettings) -> None:
    database = open_database(postgres_settings)
    await _set(database, _NOW - 1)
    held, swept = threading.Event(), threading.Event()

    def tries(connection: Connection) -> None:
        throttle.arrival(connection, _KEY)
        held.set()
        swept.wait()
        throttle.keep(connection, _KEY, _NOW + 60)

    one_try = asyncio.create_task(database.write(tries))
    await asyncio.to_thread(held.wait)
    try:
        assert await database.write(lambda connection: throttle.purge(connection, _NOW, 10)) == 0
    finally:
        swept.set()
    await one_try
    assert await _state(database) == _NOW + 60
    await database.close()


async def test_au2_a_limit_that_is_full_again_is_forgotten(database: Database) -> None:
    await _set(database, _NOW - 1)
    assert await database.write(lambda connection: throttle.purge(connection, _NOW, 10)) == 1
    assert await _state(database) == 0.0
