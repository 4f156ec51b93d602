"""One Idempotency-Key for both adapters on one database: the work is done once."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import psycopg
import pytest

from tests.contract.making import Row, found, marker, refused
from tests.support import patient
from tests.support.hosts import Hosts
from tests.support.waiting import PATIENCE, until
from tests.wire.table import Pair

CLIENTS = 30
ROUNDS = 5


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CLIENTS) as pool:
        yield pool


def post(url: str, path: str, body: Row, key: str) -> httpx.Response:
    return patient.post(f"{url}{path}", json=body, headers={"Idempotency-Key": key})


def same(first: httpx.Response, second: httpx.Response) -> None:
    """Check that two responses are the same, except for Date and the case of header names."""
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    own = {"date": "", "x-request-id": ""}
    assert {**first.headers, **own} == {**second.headers, **own}


@pytest.mark.parametrize("first", ["flask", "sanic"])
def test_what_one_adapter_has_done_the_other_answers_again(pair: Pair, first: str):
    urls = [pair.flask, pair.sanic] if first == "flask" else [pair.sanic, pair.flask]
    body, key = {"items": [{"name": f"{marker()} {number}"} for number in range(50)]}, uuid.uuid4().hex

    answers = [post(url, "/tags/batch", body, key) for url in urls * 2]

    for answer in answers[1:]:
        same(answers[0], answer)
    for url in urls:
        refused(post(url, "/tags/batch", {"items": body["items"][:1]}, key), 422)


def test_of_many_at_once_through_both_one_is_done(pair: Pair, pool: ThreadPoolExecutor):
    in_use = 0
    for _ in range(ROUNDS):
        body, key = {"name": marker()}, uuid.uuid4().hex
        asked = [(url, "/tags", body, key) for url in (pair.flask, pair.sanic)] * (CLIENTS // 2)

        answers = list(pool.map(lambda each: post(*each), asked))

        with patient.Client(base_url=pair.flask) as api:
            [row] = found(api, "tags", body["name"])
        for answer in answers:
            if answer.status_code == 201:
                assert answer.json() == row
            else:
                # Never a 409 for the name: the work of the first request is not tried again.
                assert refused(answer, 409)["type"] == "/problems/key-in-use"
                in_use += 1
        for url in (pair.flask, pair.sanic):
            assert post(url, "/tags", body, key).json() == row
    assert in_use < ROUNDS * CLIENTS - ROUNDS


def test_on_postgresql_a_repetition_while_the_first_runs_is_a_409(hosts: Hosts, pool: ThreadPoolExecutor):
    flask, sanic = (hosts.url(f"{adapter}-postgresql") for adapter in ("flask", "sanic"))
    with psycopg.connect(hosts.database("postgresql")) as other:
        for first, second in ((flask, sanic), (sanic, flask)):
            body, key = {"name": marker()}, uuid.uuid4().hex
            other.execute("LOCK TABLE tag IN EXCLUSIVE MODE")
            running = pool.submit(post, first, "/tags", body, key)
            _until_someone_waits(hosts.database("postgresql"), running)
            for url in (first, second):
                answer = post(url, "/tags", body, key)
                assert refused(answer, 409)["type"] == "/problems/key-in-use"
                assert answer.headers["Retry-After"] == "1"
            assert not running.done()

            other.rollback()

            for url in (first, second):
                same(running.result(PATIENCE), post(url, "/tags", body, key))


def _until_someone_waits(database: str, running: Future[httpx.Response]) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"  # noqa: E501
    with psycopg.connect(database, autocommit=True) as connection:
        until(lambda: running.done() or connection.execute(waiting).fetchone() != (0,))
    assert not running.done(), running.result().text


def test_on_sqlite_a_repetition_waits_for_the_first(hosts: Hosts, pool: ThreadPoolExecutor):
    urls = [hosts.url(f"{adapter}-sqlite") for adapter in ("flask", "sanic")]
    other = sqlite3.connect(hosts.database("sqlite").removeprefix("sqlite:///"), isolation_level=None)
    body, key = {"name": marker()}, uuid.uuid4().hex

    other.execute("BEGIN IMMEDIATE")
    running = [pool.submit(post, url, "/tags", body, key) for url in urls]
    time.sleep(0.5)
    assert not any(each.done() for each in running)
    other.execute("ROLLBACK")
    other.close()

    same(running[0].result(PATIENCE), running[1].result(PATIENCE))
