"""Fixtures for the whole suite: one PostgreSQL server, databases on it, and deployments of both adapters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
from hypothesis import HealthCheck

from tests.support.databases import PATIENCE, Databases
from tests.support.postgresql import postgresql

# A machine that is busy with servers may take its time over any one example.
slowly = hypothesis.settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.register_profile("suite", slowly)
hypothesis.settings.register_profile("fuzz", slowly, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile("suite")

# Nor has a client any other limit than the tests' own patience, where it names none.
for step in ("connect", "read", "write", "pool"):
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, step, PATIENCE)


@pytest.fixture(scope="session")
def shared_run(pytestconfig: pytest.Config) -> SharedRun:
    return pytestconfig.stash[SHARED_RUN]


@pytest.fixture(scope="session")
def databases(shared_run: SharedRun, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(shared_run.postgresql(), tmp_path_factory.mktemp("sqlite"), shared_run)


@pytest.fixture(scope="session")
def hosts(request: pytest.FixtureRequest) -> Iterator[Hosts]:
    with running(request) as hosts:
        yield hosts
