"""Connections whose socket stays registered with the loop behave as psycopg's own."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
import uvloop

from diptych.core.tuning.listening_connection import ListeningConnection
from tests.support.databases import Databases
from tests.support.waiting import PATIENCE

Run = Callable[[Callable[[ListeningConnection], Coroutine[Any, Any, None]]], None]

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    return databases.migrated("postgresql")


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest, url: str) -> Run:
    """Return a function that runs a test with a connection, and checks that no descriptor stays open."""

    async def connected(test: Callable[[ListeningConnection], Coroutine[Any, Any, None]]) -> None:
        connection = await ListeningConnection.connect(url, autocommit=True)
        before = descriptors()
        await test(connection)
        await connection.close()
        assert descriptors() == before - 1

    def in_loop(test: Callable[[ListeningConnection], Coroutine[Any, Any, None]]) -> None:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            runner.run(connected(test))

    return in_loop


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def end_heard(connection: ListeningConnection) -> None:
    async with asyncio.timeout(PATIENCE):
        while connection.silent:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


async def one(connection: psycopg.AsyncConnection[Any], statement: str = "SELECT 1") -> Any:
    row = await (await connection.execute(statement)).fetchone()
    assert row is not None
    return row[0]


async def terminate(url: str, connection: ListeningConnection) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as other:
        await other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))


def test_the_loop_is_asked_once_for_any_number_of_statements(run: Run, monkeypatch: pytest.MonkeyPatch):
    async def test(connection: ListeningConnection) -> None:
        asked: list[int] = []
        with monkeypatch.context() as patched:
            patched.setattr(
                "diptych.core.tuning.listening_connection.os.dup", lambda number: asked.append(number) or dup(number)
            )  # type: ignore[func-returns-value]
            for _ in range(20):
                assert await one(connection) == 1
                # The loop runs between two requests.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
        assert len(asked) == 1

    dup = os.dup
    run(test)


def test_answers_of_any_size_are_read_and_statements_of_any_size_are_sent(run: Run):
    async def test(connection: ListeningConnection) -> None:
        long = "x" * 20_000_000
        cursor = await connection.execute("SELECT %s::text", (long,))
        assert await cursor.fetchone() == (long,)
        assert await one(connection) == 1
        assert await one(connection, "SELECT count(*) FROM generate_series(1, 100000)") == 100_000

    run(test)


def test_a_cancelled_task_cancels_its_statement_and_leaves_a_working_connection(run: Run):
    async def test(connection: ListeningConnection) -> None:
        task = asyncio.create_task(one(connection, "SELECT pg_sleep(60)"))
        await asyncio.sleep(0.2)
        task.cancel()
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await one(connection) == 1

    run(test)


def test_a_deadline_of_psycopgs_own_is_kept(run: Run):
    async def test(connection: ListeningConnection) -> None:
        await connection.execute("LISTEN nobody")
        async with asyncio.timeout(PATIENCE):
            assert [each async for each in connection.notifies(timeout=0.3)] == []
        assert await one(connection) == 1

    run(test)


def test_a_server_that_closes_an_idle_connection_is_heard(run: Run, url: str):
    async def test(connection: ListeningConnection) -> None:
        assert not connection.silent, "nobody listens yet"
        await one(connection)
        await terminate(url, connection)
        await end_heard(connection)
        with pytest.raises(psycopg.OperationalError):
            await one(connection)

    run(test)


def test_a_server_that_closes_during_a_statement_is_an_outage(run: Run, url: str):
    async def test(connection: ListeningConnection) -> None:
        task = asyncio.create_task(one(connection, "SELECT pg_sleep(60)"))
        await asyncio.sleep(0.2)
        await terminate(url, connection)
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(psycopg.OperationalError):
                await task

    run(test)


def test_a_connection_that_is_reset_in_the_middle_of_a_statement_is_an_outage(run: Run, url: str):
    """Check a reset with unsent output and unread input: uvloop reports it only once."""

    async def test(connection: ListeningConnection) -> None:
        # The server reads at most 8,192 bytes at once.
        for size in range(8062, 8142, 4):
            other = await ListeningConnection.connect(url, autocommit=True)
            task = asyncio.create_task(other.execute("SELECT pg_sleep(60), length(%s::text)", ("x" * size,)))
            await asyncio.sleep(0.05)
            await terminate(url, other)
            time.sleep(0.1)  # noqa: ASYNC251 - the loop is busy
            async with asyncio.timeout(PATIENCE):
                with pytest.raises(psycopg.OperationalError):
                    await task
            await other.close()
        assert await one(connection) == 1

    run(test)


@pytest.mark.parametrize("how", ["close", "finish"])
def test_a_waiting_task_learns_that_another_has_closed_the_connection(run: Run, url: str, how: str):
    async def test(connection: ListeningConnection) -> None:
        other = await ListeningConnection.connect(url, autocommit=True)
        task = asyncio.create_task(one(other, "SELECT pg_sleep(60)"))
        await asyncio.sleep(0.2)
        if how == "close":
            await other.close()
        else:
            other.finish()
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(psycopg.OperationalError):
                await task
        assert await one(connection) == 1

    run(test)


def test_without_a_descriptor_left_it_is_psycopg_that_waits(run: Run, monkeypatch: pytest.MonkeyPatch):
    def none_left(_: int) -> int:
        raise OSError(24, "Too many open files")

    async def test(connection: ListeningConnection) -> None:
        with monkeypatch.context() as patched:
            patched.setattr("diptych.core.tuning.listening_connection.os.dup", none_left)
            assert [await one(connection) for _ in range(3)] == [1, 1, 1]
            assert not connection.silent
        assert await one(connection) == 1

    run(test)


@pytest.mark.parametrize("loop", LOOPS)
def test_another_loop_may_go_on_with_a_connection(url: str, loop: str):
    async def begun() -> ListeningConnection:
        connection = await ListeningConnection.connect(url, autocommit=True)
        assert await one(connection) == 1
        return connection

    async def ended(connection: ListeningConnection) -> None:
        assert await one(connection) == 1
        await connection.close()

    before = descriptors()
    with asyncio.Runner(loop_factory=LOOPS[loop]) as first:
        connection = first.run(begun())
    with asyncio.Runner(loop_factory=LOOPS[loop]) as second:
        second.run(ended(connection))
    assert descriptors() == before


def test_libpqs_own_descriptor_may_be_closed_and_its_number_used_again(run: Run, url: str):
    async def test(connection: ListeningConnection) -> None:
        others = [await ListeningConnection.connect(url, autocommit=True) for _ in range(3)]
        for other in others:
            await one(other)
            # Close the descriptor behind the connection's back.
            other.pgconn.finish()
        again = [await ListeningConnection.connect(url, autocommit=True) for _ in range(3)]
        assert [await one(each) for each in again] == [1, 1, 1]
        for each in again:
            each.finish()
        for other in others:
            await end_heard(other)
            with suppress(psycopg.OperationalError):
                await other.close()
        assert await one(connection) == 1

    run(test)
