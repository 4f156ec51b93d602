"""One PostgreSQL for a run, for any number of processes, wherever pytest keeps its files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.databases import ROOT, environment
from tests.support.shared import SharedRun
from tests.support.waiting import PATIENCE

PROCESSES = 3

ASK = """
import sys
from pathlib import Path
from tests.support.shared import SharedRun

sys.stdin.read()
print(SharedRun(Path(sys.argv[1])).postgresql().get_uri())
"""


@pytest.fixture
def new_run() -> Iterator[SharedRun]:
    run = SharedRun.begin()
    yield run
    run.end()


def test_processes_that_ask_at_once_get_one_server(new_run: SharedRun, tmp_path: Path):
    """Check the lock: without it each would create the files, and root's the system user, while another uses them."""
    home = tmp_path / "home"
    home.mkdir()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, str(new_run.directory)],
            cwd=ROOT,
            env=environment(HOME=str(home), PYTHONPATH=str(ROOT)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    urls = {process.communicate(timeout=PATIENCE)[0].strip() for process in processes}

    assert [process.returncode for process in processes] == [0] * PROCESSES
    (url,) = urls
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert (new_run.directory / "postgresql" / "log").read_text("utf-8").count("starting PostgreSQL") == 1


def test_the_server_is_not_below_the_directory_that_pytest_closes(
    shared_run: SharedRun, tmp_path_factory: pytest.TempPathFactory
):
    """Check the location: another run of pytest closes its base directory to other users while initdb runs as one."""
    base = tmp_path_factory.getbasetemp().resolve()

    # The base directory itself is closed when it is created; the directories above the server's are open to all
    # users.
    assert base.stat().st_mode & 0o077 == 0
    assert not shared_run.directory.resolve().is_relative_to(base.parent)
    above = [shared_run.directory.resolve(), *shared_run.directory.resolve().parents]
    assert [path for path in above if not path.stat().st_mode & 0o001] == []


def test_nothing_of_a_run_is_left_when_it_has_ended():
    run = SharedRun.begin()
    url = run.postgresql().get_uri()
    run.end()

    assert not run.directory.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_what_could_not_be_made_is_made_by_the_next_that_asks(new_run: SharedRun):
    def fail() -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        new_run.once("something", fail)

    assert new_run.once("something", lambda: "made") == "made"
    assert new_run.once("something", fail) == "made"
