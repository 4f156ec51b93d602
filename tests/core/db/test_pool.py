"""Checkout and checkin of an async engine on PostgreSQL."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import greenlet
import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from diptych.core.database import async_config
from diptych.core.db.engine_events import use_explicit_begin
from diptych.core.db.pool import checkin_async, checkout_async, is_idle
from diptych.core.settings import Settings
from tests.support.databases import Databases
from tests.support.waiting import PATIENCE, until


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    return databases.migrated("postgresql")


@contextmanager
def switches() -> Iterator[list[str]]:
    """Record the switches to and from greenlets in the block."""
    seen: list[str] = []
    before = greenlet.settrace(lambda event, _: seen.append(event))
    try:
        yield seen
    finally:
        greenlet.settrace(before)


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    """Yield an engine that keeps one connection and may open a second."""
    config = async_config(Settings(database_url=url, pool_size=1, pool_overflow=1))
    found = config.get_engine()
    use_explicit_begin(found)
    yield found
    assert found.pool.checkedout() == 0  # type: ignore[attr-defined]
    await found.dispose()
    wait_for_connections(url, 0)


def wait_for_connections(url: str, number: int) -> None:
    """Wait until the server has so many sessions, because closed ones disappear with a delay."""
    statement = "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()"
    with psycopg.connect(url, autocommit=True) as connection:
        until(lambda: connection.execute(statement).fetchone() == (number,))


async def one(connection: Any) -> int:
    cursor = await connection.driver_connection.execute("SELECT 1")
    return int((await cursor.fetchone())[0])


async def test_an_idle_connection_is_taken_and_given_back_without_a_greenlet(engine: AsyncEngine):
    with switches() as seen:
        await checkin_async(await checkout_async(engine))
    assert seen, "the first had to be made"
    with switches() as seen:
        connection = await checkout_async(engine)
        assert await one(connection) == 1
        await checkin_async(connection)
    assert not seen


async def test_a_connection_that_is_one_too_many_is_closed_when_it_is_given_back(engine: AsyncEngine, url: str):
    connections = [await checkout_async(engine), await checkout_async(engine)]
    with switches() as seen:
        for connection in connections:
            await checkin_async(connection)
    assert not seen
    wait_for_connections(url, 1)


async def test_a_request_without_a_free_connection_waits_for_one(engine: AsyncEngine):
    connections = [await checkout_async(engine), await checkout_async(engine)]
    waiting = asyncio.create_task(checkout_async(engine))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await checkin_async(connections[0])
    assert await one(await waiting) == 1
    await checkin_async(connections[1])
    await checkin_async(waiting.result())


async def test_a_connection_in_a_transaction_is_given_back_without_it(engine: AsyncEngine):
    connection = await checkout_async(engine)
    await connection.driver_connection.execute("BEGIN")
    assert not is_idle(connection.driver_connection)
    await checkin_async(connection)
    again = await checkout_async(engine)
    assert is_idle(again.driver_connection)
    await checkin_async(again)


@pytest.mark.parametrize("how", ["invalidated", "too old", "closed by the server"])
async def test_a_connection_that_cannot_be_used_is_closed_and_another_made(
    engine: AsyncEngine, url: str, how: str, caplog: pytest.LogCaptureFixture
):
    connection = await checkout_async(engine)
    first = connection.driver_connection
    match how:
        case "invalidated":
            connection.invalidate(soft=True)
        case "too old":
            connection._connection_record.starttime = 1.0  # type: ignore[attr-defined]
        case _:
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, %s)", (first.info.backend_pid, 1000 * PATIENCE))
            await asyncio.sleep(0.2)
    await checkin_async(connection)
    with caplog.at_level(logging.WARNING):
        again = await checkout_async(engine)
    assert not caplog.records
    assert first.closed
    assert again.driver_connection is not first
    assert await one(again) == 1
    await checkin_async(again)
    wait_for_connections(url, 1)
