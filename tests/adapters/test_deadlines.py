"""Work that exceeds a request's deadline is ended in the database too, under both adapters."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager

import httpx
import psycopg
import pytest

from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, deployment
from tests.support.waiting import PATIENCE, until

TIMEOUT = 1

TOO_LONG = "This took longer than a request may."
"""The `detail` of the response."""


@pytest.fixture(scope="module", params=ADAPTERS)
def served(request: pytest.FixtureRequest, databases: Databases) -> Iterator[tuple[httpx.Client, str]]:
    """Yield a client of an adapter, and its PostgreSQL's URL; inserting a tag called "slow" exceeds any deadline."""
    url = databases.migrated("postgresql")
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
            f" 'BEGIN PERFORM pg_sleep({2 * PATIENCE}); RETURN NEW; END'".encode()
        )
        for name, when in (("slow", ""), ("late", "DEFERRABLE INITIALLY DEFERRED")):
            kind = "CONSTRAINT TRIGGER" if when else "TRIGGER"
            connection.execute(
                f"CREATE {kind} {name} AFTER INSERT ON tag {when} FOR EACH ROW WHEN (NEW.name = '{name}') "
                "EXECUTE FUNCTION slow()".encode()
            )
    settings = {"DIPTYCH_REQUEST_TIMEOUT": str(TIMEOUT), "DIPTYCH_WORKERS": "1"}
    with deployment(request.param, url, **settings) as address, patient.Client(base_url=address) as client:
        yield client, url


@contextmanager
def locked(url: str, table: str) -> Iterator[None]:
    """Lock a table against all other sessions."""
    with psycopg.connect(url) as connection:
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield
        connection.rollback()


def in_use(url: str) -> list[tuple[int, str]]:
    """Return (backend, statement) of what the service runs in the database now."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT pid, query FROM pg_stat_activity"
            " WHERE application_name = 'diptych' AND state <> 'idle' AND datname = current_database()"
        ).fetchall()


def well(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Return the first response that is not late; a busy machine may need a retry.

    Errors: AssertionError for a response that reports the deadline before it has passed.
    """

    def asked() -> httpx.Response | None:
        began = time.monotonic()
        answer = ask()
        if answer.status_code != 503:
            return answer
        assert time.monotonic() - began >= TIMEOUT, answer.text
        return None

    return until(lambda: [answer for answer in [asked()] if answer is not None])[0]


@pytest.mark.long
def test_a_statement_past_the_deadline_is_cancelled_and_its_request_answered(served: tuple[httpx.Client, str]):
    client, url = served
    for name in ("slow", "late"):
        began = time.monotonic()
        response = client.post("/tags", json={"name": name})
        taken = time.monotonic() - began

        assert response.status_code == 503
        assert response.json()["detail"] == TOO_LONG
        assert response.headers["Retry-After"] == "1"
        assert taken >= TIMEOUT
        until(lambda: not in_use(url))
        assert well(lambda name=name: client.get("/tags", params={"nameIn": name})).json()["items"] == []  # type: ignore[misc]


@pytest.mark.long
def test_a_lock_that_another_session_holds_costs_no_more_than_the_deadline(served: tuple[httpx.Client, str]):
    client, url = served
    with locked(url, "author"):
        began = time.monotonic()
        reading, writing = client.get("/authors"), client.post("/authors", json={"name": "Homer"})
        taken = time.monotonic() - began
        assert (reading.status_code, writing.status_code) == (503, 503)
        assert taken >= 2 * TIMEOUT
        until(lambda: not in_use(url))

    assert well(lambda: client.get("/authors")).json()["total"] == 0
    assert well(lambda: client.post("/authors", json={"name": "Homer"})).status_code == 201


@pytest.mark.long
def test_a_server_that_does_not_answer_is_not_waited_for_longer_than_the_deadline(served: tuple[httpx.Client, str]):
    client, url = served
    assert well(lambda: client.get("/tags")).status_code == 200
    with locked(url, "tag"), ThreadPoolExecutor(1) as pool:
        # On a slow machine, a request may be answered before its statement was seen.
        waiting, busy = until(lambda: [found for found in [seen(pool, client, url)] if found[1]])[0]
        os.kill(busy[0][0], signal.SIGSTOP)
        try:
            # No other limit ends it within that time.
            answered = waiting.result(PATIENCE)
        finally:
            os.kill(busy[0][0], signal.SIGCONT)
    assert answered.status_code == 503
    assert well(lambda: client.get("/tags")).status_code == 200


def seen(
    pool: ThreadPoolExecutor, client: httpx.Client, url: str
) -> tuple[Future[httpx.Response], list[tuple[int, str]]]:
    """Request a locked row; return the response's future, and the waiting statements, none if it was answered."""
    waiting = pool.submit(client.get, "/tags")
    while not (busy := in_use(url)) and not waiting.done():
        time.sleep(0.01)
    return waiting, busy


@pytest.mark.long
def test_many_requests_past_their_deadlines_do_not_disturb_later_ones(served: tuple[httpx.Client, str]):
    client, url = served
    with ThreadPoolExecutor(4) as pool:
        for turn in range(3):
            with locked(url, "author"):
                late = list(pool.map(client.get, ["/authors"] * 4))
            assert {response.status_code for response in late} == {503}
            for number in range(40):
                name = f"after {turn} {number}"
                assert well(lambda name=name: client.post("/tags", json={"name": name})).status_code == 201  # type: ignore[misc]


@pytest.mark.long
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_statement_of_sqlites_past_the_deadline_is_interrupted(adapter: str, databases: Databases):
    url = databases.migrated("sqlite")
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.executescript(
            "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;"
            "CREATE TRIGGER slow AFTER INSERT ON tag WHEN NEW.name = 'slow' BEGIN SELECT count(*) FROM endless; END;"
        )
    settings = {"DIPTYCH_REQUEST_TIMEOUT": str(TIMEOUT), "DIPTYCH_WORKERS": "1"}
    with deployment(adapter, url, **settings) as address, patient.Client(base_url=address) as client:
        began = time.monotonic()
        slow = client.post("/tags", json={"name": "slow"})
        taken = time.monotonic() - began
        assert (slow.status_code, slow.json()["detail"]) == (503, TOO_LONG)
        assert taken >= TIMEOUT
        assert well(lambda: client.post("/tags", json={"name": "quick"})).status_code == 201
        assert [tag["name"] for tag in well(lambda: client.get("/tags")).json()["items"]] == ["quick"]


@pytest.mark.long
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_waiting_for_another_writer_of_sqlites_ends_with_the_deadline(adapter: str, databases: Databases):
    url = databases.migrated("sqlite")
    with (
        deployment(adapter, url, DIPTYCH_REQUEST_TIMEOUT=str(TIMEOUT)) as address,
        closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        response = patient.post(f"{address}/tags", json={"name": "late"})
        assert time.monotonic() - began >= TIMEOUT
        # A request that waits as long as SQLite's own limit gets another response.
        assert (response.status_code, response.json()["detail"]) == (503, TOO_LONG)
