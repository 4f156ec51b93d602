"""Both adapters on one database, for each database."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest

from tests.contract.making import LIMIT
from tests.support.databases import BACKENDS, Databases
from tests.support.deployments import ADAPTERS
from tests.support.hosts import Hosts, mounted
from tests.wire.differences import Report
from tests.wire.table import CASES, Pair

# Two running deployments are only compared with each other; nothing is started, and nothing else is tested.
URLS = [url for name in ("CONTRACT_URL", "CONTRACT_URL_B") if (url := os.environ.get(name))]
WRITES = os.environ.get("CONTRACT_WRITES") == "1"
IGNORED = frozenset(
    name for each in os.environ.get("CONTRACT_ALLOW_HEADERS", "").split(",") if (name := each.strip().lower())
)
REPORT = pytest.StashKey[Report]()
collect_ignore = [] if len(URLS) == 2 else ["test_two_deployments.py"]


def pytest_configure(config: pytest.Config) -> None:
    """Begin the report of a comparison."""
    config.stash[REPORT] = Report()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """Report, as the last lines, what differs and what was left out of a comparison."""
    yield
    if len(URLS) < 2:
        return
    for line in config.stash[REPORT].lines():
        terminalreporter.write_line(line)
    if IGNORED:
        terminalreporter.write_line(f"Headers left out: {', '.join(sorted(IGNORED))}.")
    if not WRITES:
        left_out = sum(not case.safe for case in CASES)
        terminalreporter.write_line(f"{left_out} cases that may write were not sent: CONTRACT_WRITES=1 sends them.")


@pytest.fixture
def contract_report(pytestconfig: pytest.Config) -> Report:
    return pytestconfig.stash[REPORT]


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def mounted_pair(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Yield both adapters inside other applications."""
    with mounted(databases.migrated("sqlite"), tmp_path_factory.mktemp("hosts"), LIMIT) as urls:
        yield Pair.of(*(f"{urls[adapter]}/api/v1" for adapter in ADAPTERS))


@pytest.fixture(scope="session")
def pair(hosts: Hosts, backend: str) -> Pair:
    return Pair.of(*(hosts.url(f"{adapter}-{backend}") for adapter in ADAPTERS))
