"""`diptych work`: jobs are done once, whatever happens to their workers."""

from __future__ import annotations

import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, select, update

from diptych.core.catalogue.tags.model import Tag
from diptych.core.database import sync_config
from diptych.core.db.config import connection_string
from diptych.core.jobs.model import Job
from diptych.core.settings import Settings
from diptych.core.sync.unit_of_work import Database
from diptych.core.sync.worker import Worker
from tests.support import tagging
from tests.support.commands import refused
from tests.support.databases import BACKENDS, DIPTYCH, Databases, run
from tests.support.forked import Forked
from tests.support.waiting import until

FLASK = [sys.executable, "-m", "flask", "--app", "diptych.flask_app"]


class Queue:
    """The jobs of a database, and what they have made."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self._directory = directory
        self._started: list[Forked] = []
        self._database = Database(sync_config(Settings(database_url=url)))
        self._engine: Engine = create_engine(connection_string(Settings(database_url=url)))

    def add(self, *names: str, batches: int = 3) -> None:
        tagging.add_jobs(self._database, *names, batches=batches)

    def jobs(self) -> list[Job]:
        with self._engine.connect() as connection:
            return [*connection.execute(select(Job.__table__).order_by(Job.id))]  # type: ignore[list-item]

    def states(self) -> Counter[str]:
        return Counter(job.state for job in self.jobs())

    def tags(self) -> list[str]:
        with self._engine.connect() as connection:
            return [*connection.execute(select(Tag.name).order_by(Tag.name)).scalars()]

    def end_leases(self) -> None:
        """Let all leases have ended, as they do half a minute after a worker was killed."""
        with self._engine.begin() as connection:
            past = datetime.now(UTC) - timedelta(seconds=1)
            connection.execute(update(Job).where(Job.state == "running").values(available_at=past))

    def start(self, *arguments: str, **settings: str) -> Forked:
        output = self._directory / f"output-{len(self._started)}"
        self._started.append(Forked(tagging.work, *arguments, output=output, DATABASE_URL=self.url, **settings))
        return self._started[-1]

    def work(self) -> None:
        """Do the jobs that wait, with a worker of this process."""
        Worker(self._database, tagging.TYPES).run(until_idle=True)

    def close(self) -> None:
        for each in self._started:
            each.kill()
        self._database.close()
        self._engine.dispose()


@pytest.fixture(params=BACKENDS)
def queue(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Queue]:
    found = Queue(databases.migrated(request.param), tmp_path)
    yield found
    found.close()


def test_a_worker_does_what_is_waiting_and_tells_it_in_its_log(queue: Queue):
    queue.add("first", "second")

    status, out = queue.start("--until-idle").ended()

    assert status == 0, out
    assert queue.states() == {"succeeded": 2}
    assert queue.tags() == [f"{name} {batch}" for name in ("first", "second") for batch in range(3)]
    assert len(re.findall(r'"message":"job \S+ \(tagging\) succeeded after', out)) == 2


@pytest.mark.long
@pytest.mark.parametrize("point", tagging.POINTS)
def test_a_worker_that_is_killed_at_any_point_leaves_a_job_that_has_its_effect_once(queue: Queue, point: str):
    queue.add("tag")

    status, out = queue.start("--until-idle", KILL_AT=point).ended()
    assert status == -signal.SIGKILL, out
    before = queue.tags()
    queue.end_leases()
    queue.work()

    (job,) = queue.jobs()
    assert (job.state, job.done, job.counts) == ("succeeded", 3, {"tags": 3})
    assert queue.tags() == ["tag 0", "tag 1", "tag 2"]
    # What was committed stays, and nothing else was.
    committed = {"taken": 0, "committed": 2, "ended": 3}.get(point, 1)
    assert len(before) == committed


@pytest.mark.long
def test_sigterm_has_the_batch_completed_and_the_job_returned(queue: Queue, tmp_path: Path):
    held = tmp_path / "held"
    queue.add("tag")
    worker = queue.start(HOLD_AT="written", HELD=str(held))
    until(held.exists)

    worker.send_signal(signal.SIGTERM)
    held.unlink()
    status, out = worker.ended()

    assert status == 0, out
    (job,) = queue.jobs()
    assert (job.state, job.lease, job.done, job.attempts) == ("queued", None, 2, 0)
    assert queue.tags() == ["tag 0", "tag 1"]
    queue.work()
    assert queue.tags() == ["tag 0", "tag 1", "tag 2"]


@pytest.mark.long
def test_an_idle_worker_ends_at_sigterm_and_finds_what_comes(queue: Queue):
    worker = queue.start()
    queue.add("tag")
    until(lambda: queue.states() == {"succeeded": 1})

    worker.send_signal(signal.SIGTERM)
    status, out = worker.ended()

    assert status == 0, out


@pytest.mark.long
def test_a_worker_that_wakes_up_after_its_lease_commits_nothing(queue: Queue, tmp_path: Path):
    held = tmp_path / "held"
    queue.add("tag")
    # Between two batches: it holds no transaction, which on SQLite would keep the other from taking over.
    first = queue.start("--until-idle", HOLD_AT="committed", HELD=str(held))
    until(held.exists)
    first.send_signal(signal.SIGSTOP)
    queue.end_leases()

    queue.work()
    held.unlink()
    first.send_signal(signal.SIGCONT)
    status, out = first.ended()

    assert status == 0, out
    assert "another worker has it" in out
    assert queue.states() == {"succeeded": 1}
    assert queue.tags() == ["tag 0", "tag 1", "tag 2"]


@pytest.mark.long
@pytest.mark.parametrize("number", [40, pytest.param(1000, marks=pytest.mark.unsampled)])
def test_four_workers_do_each_of_many_jobs_once_though_two_are_killed(queue: Queue, number: int):
    names = [f"job{place:04}" for place in range(number)]
    queue.add(*names, batches=1)

    with ExitStack() as stack:
        workers = [stack.enter_context(queue.start("--until-idle")) for _ in range(4)]
        until(lambda: queue.states()["succeeded"] > number // 4)
        for worker in workers[:2]:
            worker.send_signal(signal.SIGKILL)
        for worker in workers[2:]:
            status, out = worker.ended()
            assert status == 0, out
    queue.end_leases()
    queue.work()

    assert queue.states() == {"succeeded": number}
    assert queue.tags() == [f"{name} 0" for name in names]


def test_a_database_that_is_behind_is_one_line(databases: Databases):
    assert 'run "diptych database upgrade"' in refused(databases.empty("postgresql"), "work")


@pytest.mark.parametrize("command", [DIPTYCH, FLASK], ids=["diptych", "flask"])
def test_both_commands_end_without_jobs_and_warn_once_of_a_directory_that_cannot_be_written(
    databases: Databases, command: list[str], tmp_path: Path
):
    (tmp_path / "file").touch()
    settings = {"DATABASE_URL": databases.migrated("sqlite"), "DIPTYCH_FILES": str(tmp_path / "file/files")}

    result = run([*command, "work", "--until-idle"], **settings)

    (line,) = [each for each in result.stderr.splitlines() if '"level":"warning"' in each]
    assert f"cannot write in {tmp_path}/file" in line
