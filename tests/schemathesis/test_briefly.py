"""`make schemathesis` with few requests of each kind, so that every change is tested."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.schemathesis.run import PHASES, judged, token_of, usual
from tests.support.databases import Databases
from tests.support.deployments import deployment

# Batches of the largest size, and larger by one, are in tests/contract/test_batches.py.
# The coverage phase sends the same three thousand requests each time: each adapter and each database gets them once,
# in `make test-long`.
DRAWN = tuple(phase for phase in PHASES if phase != "coverage")
JUDGED = {
    ("flask", "sqlite"): PHASES,
    ("flask", "postgresql"): DRAWN,
    ("sanic", "sqlite"): DRAWN,
    ("sanic", "postgresql"): PHASES,
}


@pytest.mark.long
@pytest.mark.parametrize(
    ("host", "phases"),
    [
        pytest.param(host, phases, id="-".join(host), marks=[pytest.mark.unsampled] if phases == PHASES else [])
        for host, phases in JUDGED.items()
    ],
)
def test_schemathesis_finds_nothing_wrong(databases: Databases, host: tuple[str, str], phases: Sequence[str]):
    adapter, backend = host
    database = databases.migrated(backend)
    role = usual(adapter)
    token = token_of(database, role)
    with deployment(adapter, database) as url:
        assert judged(url, seed="1", examples="1", phases=phases, small=True, role=role, token=token)
