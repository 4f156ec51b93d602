"""Every contract test runs against each adapter on each database, or against the deployment at CONTRACT_URL."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import partial

import httpx
import pytest

from tests.contract.making import marker
from tests.support import patient
from tests.support.databases import BACKENDS
from tests.support.deployments import ADAPTERS
from tests.support.hosts import Hosts
from tests.support.waiting import until

CONTRACT_URL = os.environ.get("CONTRACT_URL")
CONTRACT_TOKEN = os.environ.get("CONTRACT_TOKEN")
"""Of an administrator, with every scope: for the deployment at CONTRACT_URL, if anonymous clients are no editors."""

HOSTS = [CONTRACT_URL] if CONTRACT_URL else [f"{adapter}-{backend}" for backend in BACKENDS for adapter in ADAPTERS]

EACH_ONCE = HOSTS if CONTRACT_URL else ["flask-sqlite", "sanic-postgresql"]
"""Hosts for what is decided without a database: each adapter and each database occurs once."""

each_once = pytest.mark.parametrize("url", EACH_ONCE, indirect=True, scope="session")

NONE_IN_USE = "\ndiptych_pool_connections_in_use 0.0\n"


# Comparing the adapters needs both of them.
collect_ignore = ["test_adapters.py"] if CONTRACT_URL else []


@pytest.fixture(scope="session", params=HOSTS)
def url(request: pytest.FixtureRequest, hosts: Hosts) -> str:
    """Return the address of one deployment. Both adapters share a database, as in production."""
    return hosts.url(request.param)


@pytest.fixture(scope="session")
def api(url: str) -> Iterator[httpx.Client]:
    """Yield a client of one deployment."""
    headers = {"Authorization": f"Bearer {CONTRACT_TOKEN}"} if CONTRACT_TOKEN else {}
    with patient.Client(base_url=url, headers=headers) as client:
        yield client


@pytest.fixture(scope="session")
def administrator(url: str, hosts: Hosts) -> Iterator[httpx.Client]:
    """Yield a client of one deployment that sends the token of an administrator."""
    with patient.Client(base_url=url, headers={"Authorization": f"Bearer {hosts.administrator(url)}"}) as client:
        yield client


@pytest.fixture
def signed_in(url: str, hosts: Hosts, administrator: httpx.Client) -> Iterator[Callable[..., httpx.Client]]:
    """Yield the function that makes an account of a role, and returns a browser in which its owner has signed in."""
    if CONTRACT_URL:
        pytest.skip("sessions are begun in the database")
    with contextlib.ExitStack() as stack:

        def browser(role: str, password: str = "") -> httpx.Client:
            account = administrator.post("/accounts", json={"name": marker(), "role": role}).raise_for_status().json()
            token = hosts.signed_in(url, account["id"], password)
            return stack.enter_context(patient.Client(base_url=url, headers={"Cookie": f"diptych-session={token}"}))

        yield browser


@pytest.fixture
def add_job(url: str, hosts: Hosts) -> Callable[..., str]:
    """Return the function that adds a job, of a principal or of nobody, and returns its id."""
    if CONTRACT_URL:
        pytest.skip("jobs are added to the database")
    return partial(hosts.add_job, url)


@pytest.fixture
def work(url: str, hosts: Hosts) -> Callable[[], None]:
    """Return the function that does all jobs that wait. A deployment elsewhere has workers of its own."""
    return partial(hosts.work, url)


@pytest.fixture(scope="module")
def asked() -> Iterator[set[str]]:
    """Collect the deployments that a module uses; at the end, check that no connection is in use in their pools."""
    urls: set[str] = set()
    yield urls
    for url in urls:
        until(lambda url=url: NONE_IN_USE in patient.get(f"{url}/metrics").text)  # type: ignore[misc]


@pytest.fixture(autouse=True)
def no_connection_stays_in_use(request: pytest.FixtureRequest, asked: set[str]) -> None:
    """Register the module's deployments for that check; those at CONTRACT_URL may have other clients."""
    if "api" in request.fixturenames and not CONTRACT_URL:
        asked.add(request.getfixturevalue("url"))
