"""Engine events: the setup of connections, and how transactions begin."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import literal, literal_column, select, text

import diptych.core.aio.unit_of_work
import diptych.core.db.engine_events
import diptych.core.sync.unit_of_work
from diptych.core.catalogue.tags.model import Tag
from diptych.core.database import async_config
from diptych.core.settings import Settings
from diptych.core.tuning.listening_connection import ListeningConnection
from tests.support.databases import Databases
from tests.support.opened import opened

TWINS = pytest.mark.parametrize("twin", ["aio", "sync"])


def results_of(url: str, *statements: Any, twin: str) -> list[Any]:
    """Return the results of the statements of one read."""
    if twin == "sync":
        with opened(url) as found:
            rows = found.read(lambda executor: [executor.first(statement, {}) for statement in statements])
            return [row and row[0] for row in rows]

    async def asynchronously() -> list[Any]:
        found = diptych.core.aio.unit_of_work.Database(async_config(Settings(database_url=url)))

        async def work(executor: diptych.core.aio.statement_executor.Executor) -> list[Any]:
            rows = [await executor.first(statement, {}) for statement in statements]
            return [row and row[0] for row in rows]

        try:
            return await found.read(work)
        finally:
            await found.close()

    return asyncio.run(asynchronously())


def test_sqlite_checks_foreign_keys_and_lets_readers_read_while_another_writes(urls: dict[str, str]):
    with opened(urls["sqlite"]) as found:
        assert found.read(lambda executor: executor.all(text("PRAGMA foreign_keys"), {})) == [(1,)]
        assert found.read(lambda executor: executor.all(text("PRAGMA journal_mode"), {})) == [("wal",)]


@TWINS
def test_times_are_read_in_utc_whatever_the_time_zone_of_the_server(databases: Databases, twin: str):
    url = databases.migrated("postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO tag SELECT gen_random_uuid(), 'x', NULL, 'x', 'x', '2026-01-01Z', '2026-01-01Z'"
        )
    # As behind a pooler, where the pid cannot be chosen.
    elsewhere = text("SELECT set_config('timezone', 'America/St_Johns', false)")
    zone, _, made = results_of(url, text("SHOW timezone"), elsewhere, select(Tag.created_at), twin=twin)
    assert zone == "UTC"
    assert (made, made.tzinfo) == (datetime(2026, 1, 1, tzinfo=UTC), UTC)


@TWINS
def test_statements_are_prepared_where_no_pooler_is_in_between(urls: dict[str, str], twin: str):
    again = [select(Tag.id).where(Tag.name == "x")] * 8
    *_, compile_cached = results_of(
        urls["postgresql"], *again, text("SELECT count(*) FROM pg_prepared_statements"), twin=twin
    )
    assert compile_cached > 0


@TWINS
def test_a_program_that_gives_connections_its_own_cursor_sees_the_statements(
    urls: dict[str, str], twin: str, monkeypatch: pytest.MonkeyPatch
):
    # As instrumentation does that traces psycopg.
    seen: list[str] = []

    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *arguments: Any, **named: Any) -> Any:
            seen.append(query)
            return super().execute(query, *arguments, **named)

    class AsyncCursor(psycopg.AsyncCursor[Any]):
        async def execute(self, query: Any, *arguments: Any, **named: Any) -> Any:
            seen.append(query)
            return await super().execute(query, *arguments, **named)

    monkeypatch.setattr(psycopg, "connect", functools.partial(psycopg.connect, cursor_factory=Cursor))
    connect: Any = psycopg.AsyncConnection.connect
    connecting = classmethod(functools.partial(connect.__func__, cursor_factory=AsyncCursor))
    monkeypatch.setattr(psycopg.AsyncConnection, "connect", connecting)

    statement = select(Tag.id).where(Tag.name == "traced")
    assert results_of(urls["postgresql"], statement, twin=twin) == [None]

    assert [query for query in seen if "tag.name =" in query]


@TWINS
def test_a_program_that_wraps_connections_sees_the_statements(
    urls: dict[str, str], twin: str, monkeypatch: pytest.MonkeyPatch
):
    seen: list[str] = []

    class Wrapped:
        def __init__(self, connection: Any) -> None:
            self.__dict__["connection"] = connection

        @property
        def __class__(self) -> Any:
            return type(self.connection)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.connection, name)

        def __setattr__(self, name: str, value: Any) -> None:
            setattr(self.connection, name, value)

        def execute(self, query: str, *arguments: Any) -> Any:
            seen.append(query)
            return self.connection.execute(query, *arguments)

    async def asynchronously(connect: Any, *arguments: Any, **named: Any) -> Wrapped:
        return Wrapped(await connect(*arguments, **named))

    connect, connect_async = psycopg.connect, ListeningConnection.connect
    monkeypatch.setattr(psycopg, "connect", lambda *given, **named: Wrapped(connect(*given, **named)))
    monkeypatch.setattr(ListeningConnection, "connect", functools.partial(asynchronously, connect_async))

    statement = select(Tag.id).where(Tag.name == "traced")
    assert results_of(urls["postgresql"], statement, twin=twin) == [None]

    assert [query for query in seen if "tag.name =" in query]


@TWINS
def test_texts_are_the_same_for_raw_cursors(urls: dict[str, str], twin: str):
    escaped = literal("a_b\\").like("a\\_b%", escape="\\")
    assert results_of(urls["postgresql"], select(literal_column("'100% \\'")), select(escaped), twin=twin) == [
        "100% \\",
        True,
    ]


@TWINS
def test_raw_cursors_execute_the_statements(urls: dict[str, str], twin: str, monkeypatch: pytest.MonkeyPatch):
    # Others search the text of each long statement for psycopg's placeholders, at each execution.
    seen: list[str] = []

    def recording(execute: Callable[..., Any]) -> Callable[..., Any]:
        def record(cursor: Any, query: str, *arguments: Any) -> Any:
            seen.append(query)
            return execute(cursor, query, *arguments)

        return record

    for cursors in (psycopg.RawCursor, psycopg.AsyncRawCursor):
        monkeypatch.setattr(cursors, "execute", recording(cursors.execute))

    statement = select(Tag.id).where(Tag.name == "raw")
    assert results_of(urls["postgresql"], statement, twin=twin) == [None]

    assert [query for query in seen if "tag.name = $1" in query]


@TWINS
def test_a_reader_of_postgresql_holds_no_transaction(urls: dict[str, str], twin: str):
    # now() is the time at which the transaction began.
    first, _, second = results_of(
        urls["postgresql"], *map(text, ("SELECT now()", "SELECT pg_sleep(0.01)", "SELECT now()")), twin=twin
    )
    assert first < second


@TWINS
def test_a_sqlite_file_can_be_read_while_another_writes(
    urls: dict[str, str], twin: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(diptych.core.db.engine_events, "BUSY_TIMEOUT", 0.05)
    with contextlib.closing(sqlite3.connect(urls["sqlite"].removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert results_of(urls["sqlite"], text("SELECT 1"), twin=twin) == [1]
