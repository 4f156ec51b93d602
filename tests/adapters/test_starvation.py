"""Whoever holds all that a worker has keeps neither its probes nor cheap reads from being answered."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest

from tests.support import metrics, patient
from tests.support.databases import LOCK_QUEUE, Databases
from tests.support.deployments import ADAPTERS, deployment
from tests.support.waiting import until

pytestmark = pytest.mark.long

MANY = 12

BEYOND = "/authors?currentPage=1002&pageSize=1"


@contextmanager
def served(
    databases: Databases, adapter: str, threads: int, connections: int, **settings: str
) -> Iterator[tuple[httpx.Client, str]]:
    """Serve a database by one worker; yield a client and the database's URL."""
    url = databases.migrated("postgresql")
    settings |= {
        "DIPTYCH_KEEPALIVE_TIMEOUT": "300",
        "DIPTYCH_POOL_SIZE": str(connections),
        "DIPTYCH_POOL_TIMEOUT": "1",
        "DIPTYCH_THREADS": str(threads),
        "DIPTYCH_WORKERS": "1",
    }
    limits = httpx.Limits(max_connections=None)
    with deployment(adapter, url, **settings) as address, patient.Client(base_url=address, limits=limits) as api:
        yield api, url


@contextmanager
def held(url: str, api: httpx.Client, paths: list[str], running: int) -> Iterator[list[Future[httpx.Response]]]:
    """Request paths that all wait for one lock, and yield when so many of them run. The lock ends with the block."""
    with ThreadPoolExecutor(len(paths)) as pool, psycopg.connect(url) as holder:
        holder.execute("LOCK TABLE author IN ACCESS EXCLUSIVE MODE")
        asked = [pool.submit(api.get, path) for path in paths]
        until(lambda: waiting(holder) >= running)
        yield asked
        holder.rollback()


def waiting(holder: psycopg.Connection[Any]) -> int:
    """Return how many statements wait for a lock."""
    return len(holder.execute(LOCK_QUEUE).fetchall())


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_probes_are_answered_while_every_thread_slot_and_connection_is_held(databases: Databases, adapter: str):
    with served(databases, adapter, threads=2, connections=2) as (api, url):
        with held(url, api, ["/authors"] * MANY, running=2) as asked:
            assert api.get("/health/live").json() == {"status": "ok"}
            assert metrics.scraped(api)["diptych_pool_connections_in_use",] == 2
            ready = api.get("/health/ready")
            assert not any(each.done() for each in asked)
        answers = [each.result().status_code for each in asked]

        assert ready.status_code == 503
        assert ready.json()["detail"] == "Every database connection is in use."
        assert answers == [200] * MANY
        assert api.get("/health/ready").status_code == 200


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_liveness_and_metrics_do_not_wait_for_readiness(databases: Databases, adapter: str):
    with served(databases, adapter, threads=1, connections=2) as (api, url):
        with held(url, api, ["/health/ready"] * MANY, running=1) as asked:
            assert api.get("/health/live").status_code == 200
            assert metrics.scraped(api)["diptych_pool_connections_in_use",] == 1
            assert api.get("/tags").status_code == 200
            assert not any(each.done() for each in asked)

        assert [each.result().status_code for each in asked] == [200] * MANY


@pytest.mark.unsampled
@pytest.mark.parametrize("path", ["/authors?q=homer*", "/authors?searchString=h", BEYOND])
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_cheap_read_is_answered_however_many_costly_ones_wait(databases: Databases, adapter: str, path: str):
    with served(databases, adapter, threads=4, connections=4) as (api, url):
        with held(url, api, [path] * MANY, running=2) as asked:
            assert [api.get("/tags").status_code for _ in range(MANY)] == [200] * MANY
            assert metrics.scraped(api)["diptych_pool_connections_in_use",] == 2
            assert not any(each.done() for each in asked)

        assert [each.result().status_code for each in asked] == [200] * MANY


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_costly_request_has_no_more_time_than_others_however_long_it_waits(databases: Databases, adapter: str):
    with served(databases, adapter, threads=1, connections=1, DIPTYCH_REQUEST_TIMEOUT="1") as (api, url):
        with held(url, api, ["/authors?q=homer"] * MANY, running=1) as asked:
            assert [each.result().status_code for each in asked] == [503] * MANY

        until(lambda: api.get("/authors?q=homer").status_code == 200)
