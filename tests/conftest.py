"""Fixtures for the whole suite: one PostgreSQL server, databases on it, and deployments of both adapters."""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck

from tests.support import sampling, scheduling, secrets
from tests.support.databases import Databases
from tests.support.hosts import Hosts, running
from tests.support.shared import SharedRun

# A busy machine may take any time over one example.
slowly = hypothesis.settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.register_profile("suite", slowly)
hypothesis.settings.register_profile("fuzz", slowly, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile("suite")

SHARED_RUN = pytest.StashKey[SharedRun]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin a run; a worker process of pytest-xdist joins the run of its parent."""
    directory = getattr(config, "workerinput", {}).get("shared_run")
    config.stash[SHARED_RUN] = SharedRun(Path(directory)) if directory else SharedRun.begin()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker process of pytest-xdist the directory of the run."""
    node.workerinput["shared_run"] = str(node.config.stash[SHARED_RUN].directory)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the run, unless another process began it."""
    if not hasattr(config, "workerinput"):
        config.stash[SHARED_RUN].end()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage among the tests while they are collected, and look at none of them again.

    They live to the end of the run, and each collection of all garbage would visit them.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is left out of the sample, before pytest selects by marks, and sort the slowest tests first."""
    sampling.leave_out(items)
    scheduling.longest_first(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that has written the database's password to what pytest captures."""
    report = yield
    try:
        secrets.check("what pytest captured", *(text for _, text in report.sections))
    except AssertionError as error:
        report.outcome, report.longrepr = "failed", str(error)
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> scheduling.GroupScheduling:
    """Run tests that share an expensive fixture in one process of pytest-xdist."""
    return scheduling.GroupScheduling(config, log)


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
