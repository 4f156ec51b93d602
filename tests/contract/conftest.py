"""Every contract test runs against each adapter on each database, or against the deployment that CONTRACT_URL names."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import httpx
import pytest

from tests.support.databases import BACKENDS, Databases
from tests.support.deployments import ADAPTERS, deployment

CONTRACT_URL = os.environ.get("CONTRACT_URL")
HOSTS = [CONTRACT_URL] if CONTRACT_URL else [f"{adapter}-{backend}" for backend in BACKENDS for adapter in ADAPTERS]


# What compares the adapters needs both of them.
collect_ignore = ["test_adapters.py"] if CONTRACT_URL else []


class Hosts:
    """The deployments under test, each started when it is first asked for."""

    def __init__(self, request: pytest.FixtureRequest, stack: contextlib.ExitStack) -> None:
        self._request = request
        self._stack = stack
        self._urls: dict[str, str] = {}
        self._databases: dict[str, str] = {}

    def url(self, host: str) -> str:
        if host == CONTRACT_URL:
            return host
        if host not in self._urls:
            adapter, backend = host.split("-")
            if backend not in self._databases:
                databases: Databases = self._request.getfixturevalue("databases")
                self._databases[backend] = databases.migrated(backend)
            self._urls[host] = self._stack.enter_context(deployment(adapter, self._databases[backend]))
        return self._urls[host]


@pytest.fixture(scope="session")
def hosts(request: pytest.FixtureRequest) -> Iterator[Hosts]:
    with contextlib.ExitStack() as stack:
        yield Hosts(request, stack)


@pytest.fixture(scope="session", params=HOSTS)
def url(request: pytest.FixtureRequest, hosts: Hosts) -> str:
    """The address of one deployment. Both adapters of a database share it, as they do in production."""
    return hosts.url(request.param)


@pytest.fixture(scope="session")
def api(url: str) -> Iterator[httpx.Client]:
    """A client of one deployment."""
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client
