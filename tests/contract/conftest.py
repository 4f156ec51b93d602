"""Every contract test runs against each adapter on each database, or against the deployment that CONTRACT_URL names."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest

from tests.support.databases import BACKENDS
from tests.support.deployments import ADAPTERS
from tests.support.hosts import Hosts
from tests.support.waiting import until

CONTRACT_URL = os.environ.get("CONTRACT_URL")
HOSTS = [CONTRACT_URL] if CONTRACT_URL else [f"{adapter}-{backend}" for backend in BACKENDS for adapter in ADAPTERS]

EACH_ONCE = HOSTS if CONTRACT_URL else ["flask-sqlite", "sanic-postgresql"]
"""Hosts enough for what is decided before a database is asked: each adapter, and each database, is among them."""

each_once = pytest.mark.parametrize("url", EACH_ONCE, indirect=True, scope="session")

NONE_IN_USE = "\ndiptych_pool_connections_in_use 0.0\n"


# What compares the adapters needs both of them.
collect_ignore = ["test_adapters.py"] if CONTRACT_URL else []


@pytest.fixture(scope="session", params=HOSTS)
def url(request: pytest.FixtureRequest, hosts: Hosts) -> str:
    """The address of one deployment. Both adapters of a database share it, as they do in production."""
    return hosts.url(request.param)


@pytest.fixture(scope="session")
def api(url: str) -> Iterator[httpx.Client]:
    """A client of one deployment."""
    with httpx.Client(base_url=url) as client:
        yield client


@pytest.fixture(scope="module")
def asked() -> Iterator[set[str]]:
    """The deployments that a module has asked: in the end the pools of all their workers are whole again."""
    urls: set[str] = set()
    yield urls
    for url in urls:
        until(lambda url=url: NONE_IN_USE in httpx.get(f"{url}/metrics").text)  # type: ignore[misc]


@pytest.fixture(autouse=True)
def no_connection_stays_in_use(request: pytest.FixtureRequest, asked: set[str]) -> None:
    """Have a module's deployments looked at; where we are guests, others may be busy."""
    if "api" in request.fixturenames and not CONTRACT_URL:
        asked.add(request.getfixturevalue("url"))
