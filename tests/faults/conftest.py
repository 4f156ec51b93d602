"""A PostgreSQL that can be killed, and both adapters on it with several workers each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.figures import FAILOVER_HEADS, HEADS, FailoverFigures, Figures, table
from tests.faults.postgres import Postgres, killable
from tests.faults.service import Service, service
from tests.faults.trial import TROUBLE, Trial
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS
from tests.support.pages import write
from tests.support.shared import SharedRun

FIGURES = pytest.StashKey[list[Figures]]()
RECOVERY = 2.0
"""Seconds after which the page promises normal service. A busy machine may take longer."""

POSTGRESQL = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", type=Path, help="the directory of the pages to write the figures of the faults into")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    """Print the figures, and write them to the page where everything held."""
    version = config.stash.get(POSTGRESQL, "none")
    failovers = [row for row in config.stash[FIGURES] if isinstance(row, FailoverFigures)]
    others = [row for row in config.stash[FIGURES] if not isinstance(row, FailoverFigures)]
    page: Path | None = config.getoption("figures")
    late = [row for row in others if row.recovery is not None and row.recovery > RECOVERY]
    if page is not None and late:
        terminalreporter.write_line(f"{page} stays as it is: it promises that all is well after {RECOVERY:g} s.")
        page = None
    for rows, name, heads in ((others, "reliability.md", HEADS), (failovers, "failover.md", FAILOVER_HEADS)):
        if not rows:
            continue
        text = table(rows, version, heads)
        terminalreporter.write_line(text)
        if page is not None and exitstatus == pytest.ExitCode.OK:
            write(page / name, "make faults", text)
            terminalreporter.write_line(f"{page / name} has the figures.")


@pytest.fixture(scope="session")
def postgres(shared_run: SharedRun, pytestconfig: pytest.Config) -> Iterator[Postgres]:
    with killable(shared_run.directory / "killable") as server:
        pytestconfig.stash[POSTGRESQL] = server.version()
        yield server


@pytest.fixture(scope="session")
def database(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Create a database where some tags cause trouble, and return its name."""
    url = Databases(postgres, tmp_path_factory.mktemp("unused")).migrated("postgresql")
    name = url.rpartition("/")[2]
    with postgres.control(name) as connection:
        connection.execute(TROUBLE)
    return name


@pytest.fixture(scope="session", params=ADAPTERS)
def running(request: pytest.FixtureRequest, postgres: Postgres, database: str) -> Iterator[Service]:
    """Run one deployment for all faults, without restarting it between them."""
    with service(request.param, postgres.get_uri(database)) as found:
        yield found


@pytest.fixture
def figures(pytestconfig: pytest.Config) -> list[Figures]:
    """Return the list that collects the figures of this run."""
    return pytestconfig.stash[FIGURES]


@pytest.fixture
def trial(
    request: pytest.FixtureRequest, postgres: Postgres, database: str, running: Service, figures: list[Figures]
) -> Trial:
    (fault,) = request.node.get_closest_marker("fault").args
    return Trial(fault, running, postgres, database, figures)
