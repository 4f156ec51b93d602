"""Every test of a service runs on both twins and both databases, and leaves no connection in use."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.services.api import Api
from tests.services.guide import Guide
from tests.services.twins import TWINS, Twin
from tests.support.databases import BACKENDS, Databases


@pytest.fixture(scope="session")
def urls(databases: Databases) -> dict[str, str]:
    return {backend: databases.migrated(backend) for backend in BACKENDS}


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=TWINS)
async def twin(request: pytest.FixtureRequest, backend: str, urls: dict[str, str]) -> AsyncIterator[Twin]:
    """Yield a twin on an empty catalogue."""
    twin = Twin(request.param, urls[backend])
    await twin.emptied()
    yield twin
    assert twin.connections_in_use == 0
    await twin.close()


@pytest.fixture
async def api(twin: Twin) -> AsyncIterator[Api]:
    api = Api(twin)
    yield api
    await api.close()


@pytest.fixture
def guide(twin: Twin) -> Guide:
    return Guide(twin)
