"""More concurrent requests than database connections: all are queued, none is refused."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.contract.making import make_author
from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, deployment

pytestmark = pytest.mark.long

MANY = 60
# No client thread of a busy machine comes too late.
ONE = {
    "DIPTYCH_KEEPALIVE_TIMEOUT": "300",
    "DIPTYCH_POOL_SIZE": "1",
    "DIPTYCH_POOL_OVERFLOW": "0",
    "DIPTYCH_WORKERS": "1",
    "DIPTYCH_THREADS": "1",
}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_burst_waits_for_its_turn(databases: Databases, adapter: str):
    with deployment(adapter, databases.migrated("postgresql"), **ONE) as url, patient.Client(base_url=url) as api:
        author = make_author(api)
        books = [{"title": "Large", "author_id": author["id"], "description": "x " * 4999 + "x"} for _ in range(400)]
        api.post("/books/batch", json={"items": books}).raise_for_status()

        def status(_: int) -> int:
            return patient.get(f"{url}/authors/{author['id']}/books?pageSize=400").status_code

        with ThreadPoolExecutor(MANY) as pool:
            assert Counter(pool.map(status, range(MANY))) == {200: MANY}


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_waiting_for_a_turn_is_part_of_a_requests_time(databases: Databases, adapter: str):
    url = databases.migrated("postgresql")
    with (
        psycopg.connect(url) as holder,
        tempfile.TemporaryFile("w+") as log,
        deployment(adapter, url, log=log, **ONE, DIPTYCH_REQUEST_TIMEOUT="1") as address,
        ThreadPoolExecutor(MANY) as pool,
    ):
        holder.execute("LOCK TABLE author IN ACCESS EXCLUSIVE MODE")
        statuses = Counter(pool.map(lambda _: patient.get(f"{address}/authors").status_code, range(MANY)))
        holder.rollback()
        log.seek(0)
        lines = [json.loads(line) for line in log if '"/authors"' in line]

    assert statuses == {503: MANY}
    assert len(lines) == MANY
    assert min(line["duration_ms"] for line in lines) >= 900
    # One after the other they would have a second each for the database. Many have queued, and have no time left.
    assert len([line for line in lines if line["db_ms"] < 500]) > MANY / 4
