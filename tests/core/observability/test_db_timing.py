"""What a request has waited for its database, whichever way it was asked."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

import diptych.core.aio.unit_of_work
from diptych.core.database import async_config
from diptych.core.errors import CatalogueError
from diptych.core.observability.request_context import RequestRecord
from diptych.core.settings import Settings
from tests.support.databases import Databases
from tests.support.opened import opened

SLOW = 0.2

# What is deferred takes its time when it is committed.
DEFERRED = [
    "CREATE TABLE slow (id int)",
    f"CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep({SLOW}); RETURN NULL; END'",
    (
        "CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION slowly()"
    ),
]


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    found = databases.migrated("postgresql")
    with psycopg.connect(found, autocommit=True) as connection:
        for statement in DEFERRED:
            connection.execute(statement)
    return found


def waited(url: str, statement: str, twin: str) -> float:
    """Return the database time of a request that executes a statement in a transaction, in seconds."""
    with RequestRecord("GET", "/x", {}) as record:
        if twin == "sync":
            with opened(url) as found:
                found.run_in_transaction(lambda session: _execute(session, statement))
        else:
            asyncio.run(_asynchronously(url, statement))
    return record.database


def _execute(session: Session, statement: str) -> None:
    session.execute(text(statement))


async def _asynchronously(url: str, statement: str) -> None:
    found = diptych.core.aio.unit_of_work.Database(async_config(Settings(database_url=url)))

    async def work(session: AsyncSession) -> None:
        await session.execute(text(statement))

    try:
        await found.run_in_transaction(work)
    finally:
        await found.close()


@pytest.mark.parametrize("twin", ["aio", "sync"])
@pytest.mark.parametrize("statement", [f"SELECT pg_sleep({SLOW})", "INSERT INTO slow VALUES (1)"])
def test_a_statement_and_a_commit_are_part_of_what_a_request_waits(url: str, statement: str, twin: str):
    assert waited(url, "SELECT 1", twin) > 0
    assert waited(url, statement, twin) >= SLOW


def test_so_is_a_statement_that_fails(url: str):
    with RequestRecord("GET", "/x", {}) as record, opened(url) as found, pytest.raises((CatalogueError, DBAPIError)):
        found.run_in_transaction(lambda session: _execute(session, f"SELECT 1 / (pg_sleep({SLOW}) IS NULL)::int"))

    assert record.database >= SLOW
