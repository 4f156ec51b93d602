"""`diptych serve`: runs both adapters, and stops both when it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support import patient
from tests.support.databases import ROOT, Databases, environment, run
from tests.support.deployments import free_port
from tests.support.revisions import put_at
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.long

SERVE = [sys.executable, "-m", "diptych.core.cli", "serve"]


class Served:
    """A running `diptych serve`."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.ports = (free_port(), free_port())
        self.environment = environment(
            DATABASE_URL=f"sqlite:///{directory}/books.db", FLASK_PORT=str(self.ports[0]), SANIC_PORT=str(self.ports[1]),  # noqa: E501
            PYTHONPATH=str(ROOT), PYTHONUNBUFFERED="1", **settings,
        )  # fmt: skip
        self.process = subprocess.Popen(
            SERVE, cwd=directory, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.told = ""
        while "Ctrl-C" not in self.told and (line := self.process.stdout.readline()):
            self.told += line

    def family(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def ended(self, number: int) -> int:
        """Signal only the program, and return its exit status."""
        os.kill(self.process.pid, number)
        out, _ = self.process.communicate(timeout=PATIENCE)
        self.told += out
        return self.process.returncode


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 0)])
def test_both_adapters_answer_until_a_signal_and_nothing_is_left(tmp_path: Path, number: int, status: int):
    served = Served(tmp_path)
    family = served.family()
    try:
        urls = re.findall(r"http://127\.0\.0\.1:\d+$", served.told, re.MULTILINE)
        assert urls == [f"http://127.0.0.1:{port}" for port in served.ports], served.told
        assert "Loaded the sample catalogue: 60 books." in served.told
        answers = [patient.get(f"{url}/books?pageSize=1000&orderBy=id") for url in urls]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].content == answers[1].content
        assert answers[0].json()["total"] == 60
        suggested = re.search(r"curl '(.+)'", served.told)
        assert suggested is not None
        assert patient.get(suggested[1]).json()["total"] > 0
        family = served.family()
        assert len(family) >= 4
        assert served.ended(number) == status, served.told
        assert "Traceback" not in served.told
        until(lambda: not alive(family))
        for port in served.ports:
            with pytest.raises(httpx.ConnectError):
                patient.get(f"http://127.0.0.1:{port}/")
    finally:
        for each in alive(family):
            each.kill()
        served.process.communicate()
    assert (tmp_path / "var" / "serve.log").exists()


@pytest.mark.parametrize("place", [0, 1])
def test_a_port_that_is_taken_is_one_line_that_says_what_to_set(tmp_path: Path, place: int):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = {"FLASK_PORT": str(free_port()), "SANIC_PORT": str(free_port())}
        variable = list(ports)[place]
        ports[variable] = str(taken.getsockname()[1])
        done = run(
            SERVE, cwd=tmp_path, check=False, DATABASE_URL=f"sqlite:///{tmp_path}/x.db", PYTHONPATH=str(ROOT), **ports
        )
    assert done.returncode == 1
    assert f"choose another with {variable}" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.unsampled
def test_a_server_that_ends_by_itself_ends_the_other_too(tmp_path: Path):
    served = Served(tmp_path)
    family = served.family()
    try:
        _, *children = family
        mine = [each for each in children if each.ppid() == served.process.pid]
        os.killpg(mine[0].pid, signal.SIGKILL)
        out, _ = served.process.communicate(timeout=PATIENCE)
        assert served.process.returncode == 1
        assert "a server has ended; var/serve.log says why" in out
        until(lambda: not alive(family))
    finally:
        for each in alive(family):
            each.kill()
        served.process.communicate()


@pytest.mark.unsampled
@pytest.mark.parametrize("revision", ["0001", None])
def test_a_database_that_is_behind_is_not_migrated_but_reported(
    databases: Databases, tmp_path: Path, revision: str | None
):
    url = put_at(databases.migrated("sqlite"), revision)

    done = run(
        SERVE, cwd=tmp_path, check=False, DATABASE_URL=url, PYTHONPATH=str(ROOT), FLASK_PORT=str(free_port()),
        SANIC_PORT=str(free_port()),
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith('run "diptych database upgrade".\n')
    assert len(done.stderr.splitlines()) == 1
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        found = connection.execute("SELECT max(version_num) FROM alembic_versions").fetchone()
    assert found == (revision,)
