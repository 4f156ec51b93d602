"""A client that asks too much is refused by all workers of either adapter, and no other client is."""

from __future__ import annotations

import itertools

import pytest

from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import command, free_port, server

LIMIT = 12


@pytest.mark.long
@pytest.mark.parametrize("adapter", ["flask", pytest.param("sanic", marks=pytest.mark.unsampled)])
def test_of_many_requests_those_beyond_the_limit_are_refused(databases: Databases, adapter: str):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "DATABASE_URL": databases.migrated("sqlite"),
        "FLASK_PORT": str(port),
        "DIPTYCH_RATE_LIMIT": str(LIMIT),
        "DIPTYCH_TRUSTED_PROXIES": "127.0.0.1",
    }
    options = ["--workers", "2"] if adapter == "sanic" else []
    with server([*command(adapter, port), *options], url, **settings):
        # A new connection each time, so that both workers are asked. The bucket is filled by one in five seconds.
        statuses = []
        for _ in itertools.takewhile(lambda _: statuses.count(429) < 5, range(10_000)):
            refused = patient.get(f"{url}/authors?pageSize=1", headers={"X-Forwarded-For": "192.0.2.7"})
            statuses.append(refused.status_code)
            assert refused.headers["RateLimit-Policy"] == f'"default";q={LIMIT};w=60'

        assert statuses[: LIMIT // 2] == [200] * (LIMIT // 2)
        assert refused.json()["type"] == "/problems/too-many-requests"
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        other = patient.get(f"{url}/authors?pageSize=1", headers={"X-Forwarded-For": "192.0.2.8"})
        assert (other.status_code, other.headers["RateLimit"]) == (200, f'"default";r={LIMIT - 2};t=10')
        assert patient.get(f"{url}/health/live", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 200
        assert patient.get(f"{url}/metrics").status_code == 200
