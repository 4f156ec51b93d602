"""Patroni replaces a primary that is lost with its host: docs/patroni.yml, run."""

from __future__ import annotations

import time
import uuid
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tests.faults.conftest import POSTGRESQL
from tests.faults.failover import AFTER, DEFAULTS, RATE, failed_over, nothing_is_lost
from tests.faults.figures import FailoverFigures
from tests.faults.load import Load
from tests.faults.patroni import cluster
from tests.faults.service import service
from tests.faults.trial import STORED, named
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS
from tests.support.shared import SharedRun

FAULT = "Patroni, synchronous: the primary's host killed"


@pytest.mark.slow
@pytest.mark.fault(FAULT)
def test_patroni_replaces_the_primary(
    shared_run: SharedRun, tmp_path: Path, figures: list[FailoverFigures], pytestconfig: pytest.Config
):
    with ExitStack() as stack:
        nodes = stack.enter_context(cluster(shared_run.directory / f"patroni-{uuid.uuid4().hex[:8]}"))
        url = Databases(nodes, tmp_path).migrated("postgresql")
        services = [stack.enter_context(service(adapter, url, **DEFAULTS)) for adapter in ADAPTERS]
        loads = [Load(each) for each in services]
        with loads[0], loads[1]:
            for load in loads:
                load.goes_on(RATE)
            killed = time.monotonic()
            nodes.nodes[0].kill()
            for load in loads:
                load.goes_on(AFTER)

        with psycopg.connect(url) as connection:
            rows = connection.execute(STORED).fetchall()
            major, minor = divmod(connection.info.server_version, 10000)
        pytestconfig.stash[POSTGRESQL] = f"{major}.{minor}"
        for load, adapter in zip(loads, ADAPTERS, strict=True):
            figures.append(failed_over(FAULT, adapter, load, named(load.word, rows), lost=killed))
            nothing_is_lost(figures[-1])
