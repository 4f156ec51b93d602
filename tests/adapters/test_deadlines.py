"""What takes longer than a request may is ended in the database too, under both adapters."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import httpx
import psycopg
import pytest

from diptych.core.db.engine_events import BUSY_TIMEOUT
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, deployment

TIMEOUT = 1

SOON = 10
"""Seconds that a slow machine may take more; what is ended would take a minute."""

TOO_LONG = "This took longer than a request may."
"""What a client is told."""


@pytest.fixture(scope="module", params=ADAPTERS)
def served(request: pytest.FixtureRequest, databases: Databases) -> Iterator[tuple[httpx.Client, str]]:
    """A client of an adapter, and the URL of its PostgreSQL, where each tag called "slow" takes a minute."""
    url = databases.migrated("postgresql")
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'"
        )
        for name, when in (("slow", ""), ("late", "DEFERRABLE INITIALLY DEFERRED")):
            kind = "CONSTRAINT TRIGGER" if when else "TRIGGER"
            connection.execute(
                f"CREATE {kind} {name} AFTER INSERT ON tag {when} FOR EACH ROW WHEN (NEW.name = '{name}') "
                "EXECUTE FUNCTION slow()".encode()
            )
    settings = {"DIPTYCH_REQUEST_TIMEOUT": str(TIMEOUT), "DIPTYCH_WORKERS": "1"}
    with deployment(request.param, url, **settings) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client, url


@contextmanager
def locked(url: str, table: str) -> Iterator[None]:
    """Nobody else can read or write a table."""
    with psycopg.connect(url) as connection:
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield
        connection.rollback()


def in_use(url: str) -> list[tuple[int, str]]:
    """(backend, statement) of what the service has the database do now."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT pid, query FROM pg_stat_activity WHERE application_name = 'diptych' AND state <> 'idle'"
        ).fetchall()


def test_a_statement_past_the_deadline_is_cancelled_and_its_request_answered(served: tuple[httpx.Client, str]):
    client, url = served
    for name in ("slow", "late"):
        began = time.monotonic()
        response = client.post("/tags", json={"name": name})
        taken = time.monotonic() - began

        assert response.status_code == 503
        assert response.json()["detail"] == TOO_LONG
        assert response.headers["Retry-After"] == "1"
        assert TIMEOUT <= taken < TIMEOUT + SOON
        assert in_use(url) == []
        assert client.get("/tags", params={"nameIn": name}).json()["items"] == []


def test_a_lock_that_another_session_holds_costs_no_more_than_the_deadline(served: tuple[httpx.Client, str]):
    client, url = served
    with locked(url, "author"):
        began = time.monotonic()
        reading, writing = client.get("/authors"), client.post("/authors", json={"name": "Homer"})
        taken = time.monotonic() - began
        assert (reading.status_code, writing.status_code) == (503, 503)
        assert 2 * TIMEOUT <= taken < 2 * TIMEOUT + SOON
        assert in_use(url) == []

    assert client.get("/authors").json()["total"] == 0
    assert client.post("/authors", json={"name": "Homer"}).status_code == 201


def test_a_server_that_does_not_answer_costs_no_more_than_the_deadline_and_a_second(served: tuple[httpx.Client, str]):
    client, url = served
    assert client.get("/tags").status_code == 200
    with locked(url, "tag"), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.get, "/tags")
        while not (busy := in_use(url)):
            time.sleep(0.01)
        began = time.monotonic()
        os.kill(busy[0][0], signal.SIGSTOP)
        try:
            answered = waiting.result()
            taken = time.monotonic() - began
        finally:
            os.kill(busy[0][0], signal.SIGCONT)
    assert answered.status_code == 503
    assert taken < TIMEOUT + SOON
    assert client.get("/tags").status_code == 200


def test_many_requests_past_their_deadlines_hit_nobody_who_comes_after(served: tuple[httpx.Client, str]):
    client, url = served
    with ThreadPoolExecutor(4) as pool:
        for turn in range(3):
            with locked(url, "author"):
                late = list(pool.map(client.get, ["/authors"] * 4))
            after = [client.post("/tags", json={"name": f"after {turn} {number}"}) for number in range(40)]
            assert {response.status_code for response in late} == {503}
            assert {response.status_code for response in after} == {201}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_statement_of_sqlites_past_the_deadline_is_interrupted(adapter: str, databases: Databases):
    url = databases.migrated("sqlite")
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.executescript(
            "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;"
            "CREATE TRIGGER slow AFTER INSERT ON tag WHEN NEW.name = 'slow' BEGIN SELECT count(*) FROM endless; END;"
        )
    settings = {"DIPTYCH_REQUEST_TIMEOUT": str(TIMEOUT), "DIPTYCH_WORKERS": "1"}
    with deployment(adapter, url, **settings) as address, httpx.Client(base_url=address, timeout=30) as client:
        began = time.monotonic()
        slow = client.post("/tags", json={"name": "slow"})
        taken = time.monotonic() - began
        assert (slow.status_code, slow.json()["detail"]) == (503, TOO_LONG)
        assert TIMEOUT <= taken < TIMEOUT + SOON
        assert client.post("/tags", json={"name": "quick"}).status_code == 201
        assert [tag["name"] for tag in client.get("/tags").json()["items"]] == ["quick"]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_waiting_for_another_writer_of_sqlites_ends_with_the_deadline(adapter: str, databases: Databases):
    url = databases.migrated("sqlite")
    with (
        deployment(adapter, url, DIPTYCH_REQUEST_TIMEOUT="1") as address,
        closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        response = httpx.post(f"{address}/tags", json={"name": "late"}, timeout=30)
        assert response.status_code == 503
        assert time.monotonic() - began < BUSY_TIMEOUT
