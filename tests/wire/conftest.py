"""Both adapters on one database, for each database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.support.databases import BACKENDS
from tests.support.deployments import ADAPTERS
from tests.support.hosts import Hosts, running
from tests.wire.table import Rows


@dataclass(frozen=True)
class Pair:
    """Two deployments on one database, and rows that both have. api: a client of the first."""

    flask: str
    sanic: str
    rows: Rows
    api: httpx.Client


@pytest.fixture(scope="session")
def hosts(request: pytest.FixtureRequest) -> Iterator[Hosts]:
    with running(request) as hosts:
        yield hosts


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def pair(hosts: Hosts, backend: str) -> Iterator[Pair]:
    flask, sanic = (hosts.url(f"{adapter}-{backend}") for adapter in ADAPTERS)
    with httpx.Client(base_url=flask, timeout=30) as api:
        yield Pair(flask, sanic, Rows(api), api)
