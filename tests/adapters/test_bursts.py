"""More at once than there are connections to the database: all wait for their turn, and nobody is refused."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.contract.making import make_author
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, deployment

MANY = 60
ONE = {"DIPTYCH_POOL_SIZE": "1", "DIPTYCH_POOL_OVERFLOW": "0", "DIPTYCH_WORKERS": "1", "DIPTYCH_THREADS": "1"}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_burst_waits_for_its_turn(databases: Databases, adapter: str):
    with deployment(adapter, databases.migrated("postgresql"), **ONE) as url, httpx.Client(base_url=url) as api:
        author = make_author(api)
        books = [{"title": "Large", "author_id": author["id"], "description": "x " * 4999 + "x"} for _ in range(400)]
        api.post("/books/batch", json={"items": books}, timeout=30).raise_for_status()

        def status(_: int) -> int:
            return httpx.get(f"{url}/authors/{author['id']}/books?pageSize=400", timeout=100).status_code

        with ThreadPoolExecutor(MANY) as pool:
            assert Counter(pool.map(status, range(MANY))) == {200: MANY}
