"""Jobs that write a file: the same when they are interrupted, and deleted when it is time."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from uuid_utils.compat import uuid7

from diptych.core.attribution import Attribution, attributed_to
from diptych.core.catalogue.books.model import Book
from diptych.core.cli.job_types import job_types_of
from diptych.core.database import sync_config
from diptych.core.engine.entity import now
from diptych.core.exports.model import ExportChunk, ExportFile
from diptych.core.exports.rules import EXPORT, FILES, FORMATS, GONE, KEPT
from diptych.core.files.store import FileStore
from diptych.core.http.request_response import FileRange
from diptych.core.import_export import export_steps
from diptych.core.jobs.model import Job
from diptych.core.jobs.rules import ABANDONED, ATTEMPTS
from diptych.core.settings import Settings
from diptych.core.sync.file_storage import FileSweep
from diptych.core.sync.job_queue import enqueue
from diptych.core.sync.worker import Worker
from tests.cli.killed_export import PAGE, STEPS, do_jobs
from tests.support.calling import Called
from tests.support.commands import done
from tests.support.databases import BACKENDS, Databases
from tests.support.files import age, differences
from tests.support.forked import Forked

BOOKS = 35


class Exports:
    """The exports of a database with some books."""

    def __init__(self, url: str, location: str) -> None:
        self.url, self.location = url, location
        self.settings = Settings(database_url=url, files=location)
        self.store = FileStore(location)
        self._called = Called(self.settings)
        self._database = self._called.database
        self._engine = sync_config(self.settings).get_engine()
        rows = "\n".join(f"Title {number},Author {number % 3}" for number in range(BOOKS))
        done(url, "import", "-", "--format", "csv", stdin=f"title,author\n{rows}\n")

    def ask(self, file_format: str, query: str = "", principal: str | None = None) -> Any:
        """Ask for an export, and return its id."""
        job_id = uuid7()
        parameters = {"export_id": str(job_id), "format": file_format, "query": query}
        with attributed_to(Attribution(principal, None, "token")):
            self._database.execute_write(
                lambda executor: enqueue(executor, EXPORT, parameters, job_id), in_transaction=True
            )
        return job_id

    def work(self, steps: int = sys.maxsize) -> None:
        """Do the jobs that wait, or so many steps of one."""
        answers = repeat(False, steps)
        Worker(self._database, job_types_of(self.settings), stopping=lambda: next(answers, True)).run(until_idle=True)

    def killed_in(self, step: str) -> int:
        """Have a worker of another process be killed in a step; return its exit status."""
        return Forked(do_jobs, self.url, self.location, step, output=Path(os.devnull)).wait()

    def sweep(self) -> None:
        for sweep in (export_steps.sweep_exports, FileSweep(self.store)):
            while self._database.execute_write(sweep, in_transaction=True):
                pass

    def sweep_later(self) -> list[str]:
        """Sweep now, and again when that is long ago; return what differs then between the store and the database."""
        self.sweep()
        with self._engine.begin() as connection:
            age(connection, self.location)
        self.sweep()
        with self._engine.connect() as connection:
            return differences(connection, self.location)

    def execute(self, statement: Any) -> Any:
        with self._engine.begin() as connection:
            result = connection.execute(statement)
            return result.all() if result.returns_rows else None

    def job(self, job_id: Any) -> Any:
        return self.execute(select(Job.__table__).where(Job.id == job_id))[0]

    def file(self, job_id: Any) -> bytes:
        """Return the content of the file of an export."""
        ((digest,),) = self.execute(select(ExportFile.sha256).where(ExportFile.job_id == job_id))
        size = self.store.size(digest)
        assert size is not None
        content = b"".join(self.store.read(FileRange(digest, 0, size)))
        assert hashlib.sha256(content).hexdigest() == digest
        return content

    def kept(self) -> set[Any]:
        return {job_id for (job_id,) in self.execute(select(ExportFile.job_id))}

    def read(self, job_id: Any) -> tuple[int, bytes]:
        """Return the status and the body of the response that has the file of an export."""
        return self._called.read("exports_read_file", id=str(job_id))

    def close(self) -> None:
        self._engine.dispose()
        self._called.close()


@pytest.fixture(params=BACKENDS)
def exports(
    request: pytest.FixtureRequest, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Exports]:
    monkeypatch.setattr(export_steps, "PAGE", PAGE)
    found = Exports(databases.migrated(request.param), str(tmp_path / "files"))
    yield found
    found.close()


def test_an_export_that_is_interrupted_between_its_batches_goes_on_and_is_the_same_file(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
):
    asked = {name: exports.ask(name, "searchString=title", principal=name) for name in FORMATS}
    for _ in range(3 * len(FORMATS)):
        exports.work(steps=1)
    interrupted = [exports.job(each) for each in asked.values()]
    assert {job.state for job in interrupted} == {"queued"}
    assert sum(job.done for job in interrupted) > 2 * len(FORMATS) * PAGE
    exports.work()

    monkeypatch.setattr(export_steps, "PAGE", BOOKS + 1)
    for name, job_id in asked.items():
        whole = exports.ask(name)
        exports.work()
        assert exports.file(job_id) == exports.file(whole) != b""
        job = exports.job(job_id)
        assert (job.done, job.total, job.counts) == (BOOKS, BOOKS, {"bytes": len(exports.file(whole))})


def test_an_export_that_goes_on_does_not_read_again_what_is_written(exports: Exports):
    job_id = exports.ask("csv")
    exports.work(steps=2)
    assert (exports.job(job_id).done, exports.job(job_id).counts["bytes"] > 0) == (2 * PAGE, True)
    ids = [each for (each,) in exports.execute(select(Book.id).order_by(Book.id))]
    exports.execute(update(Book).where(Book.id.in_([ids[0], ids[-1]])).values(title="Changed later"))

    exports.work()

    assert (exports.job(job_id).state, exports.job(job_id).done) == ("succeeded", BOOKS)
    assert exports.file(job_id).count(b"Changed later") == 1
    assert exports.execute(select(ExportChunk.job_id)) == []


def test_an_export_whose_worker_is_killed_is_completed_by_another(exports: Exports):
    _killed(exports, STEPS[3])


@pytest.mark.long
@pytest.mark.unsampled
@pytest.mark.parametrize("step", [*STEPS[:3], *STEPS[4:]])
def test_a_worker_can_be_killed_with_an_export_at_any_moment(exports: Exports, step: str):
    _killed(exports, step)


def _killed(exports: Exports, step: str) -> None:
    job_id = exports.ask("csv")

    assert exports.killed_in(step) == -signal.SIGKILL

    assert exports.job(job_id).state == "running"
    assert exports.kept() == ({job_id} if step in STEPS[5:] else set())
    assert exports.job(job_id).done == {STEPS[0]: 0, STEPS[1]: PAGE}.get(step, BOOKS)
    exports.execute(update(Job).where(Job.id == job_id).values(available_at=now()))
    exports.work()
    assert exports.job(job_id).state == "succeeded"
    assert exports.read(job_id) == (200, exports.file(job_id))
    assert exports.file(job_id).count(b"Title") == BOOKS
    assert exports.execute(select(ExportChunk.job_id)) == []
    assert exports.sweep_later() == []
    exports.execute(delete(Job))
    assert exports.sweep_later() == list(exports.store.listed()) == []


@pytest.mark.long
@pytest.mark.parametrize("step", [STEPS[0], STEPS[3]])
def test_an_export_that_ends_its_worker_each_time_at_the_same_place_fails(exports: Exports, step: str):
    job_id = exports.ask("csv")
    for _ in range(ATTEMPTS + (step != STEPS[0])):
        assert exports.killed_in(step) == -signal.SIGKILL
        exports.execute(update(Job).where(Job.id == job_id).values(available_at=now()))

    exports.work()

    assert (exports.job(job_id).state, exports.job(job_id).error) == ("failed", ABANDONED)
    exports.sweep()
    assert exports.execute(select(ExportChunk.job_id)) == []


def test_files_are_given_up_when_they_are_old_or_incomplete_or_their_owner_has_newer_ones(exports: Exports):
    jobs = [exports.ask("ris", principal="ann") for _ in range(FILES + 1)]
    old, cancelled, unfinished = (exports.ask("ris", principal=name) for name in ("old", "cancelled", "unfinished"))
    exports.work()
    for job_id, values in (
        (old, {"finished_at": now() - KEPT}),
        (cancelled, {"state": "cancelled"}),
        (unfinished, {"state": "running", "finished_at": None}),
    ):
        exports.execute(update(Job).where(Job.id == job_id).values(values))
    assert exports.kept() >= {*jobs[1:], old, cancelled, unfinished}

    exports.sweep()

    assert exports.kept() == {*jobs[1:], unfinished}
    assert exports.sweep_later() == []
    assert exports.read(jobs[1]) == (200, exports.file(jobs[1]))
    assert exports.read(jobs[0])[0] == 404


def test_what_a_worker_of_revision_0012_has_written_is_read_and_completed(exports: Exports):
    whole, part, left, all_there = (exports.ask("csv") for _ in range(4))
    exports.work(steps=1)
    ((number, first),) = exports.execute(select(ExportChunk.number, ExportChunk.content))
    place = exports.job(whole).position
    assert (number, place[0]) == (0, 1)
    chunks = [{"job_id": whole, "number": 1, "content": b"b"}]
    others = [{"job_id": job_id, "number": 0, "content": first} for job_id in (part, left, all_there)]
    exports.execute(insert(ExportChunk).values([*chunks, *others]))
    ended = {"state": "succeeded", "available_at": None, "finished_at": now()}
    for job_id, values in (
        (whole, {"position": [2, None], **ended}),
        (part, {"position": [2, None], **ended}),
        (left, {"position": place, "done": PAGE, "counts": {"bytes": len(first)}}),
        (all_there, {"position": [1, None]}),
    ):
        exports.execute(update(Job).where(Job.id == job_id).values(values))

    exports.work()

    assert exports.read(whole) == (200, first + b"b")
    assert exports.read(part)[0] == 404
    assert GONE.encode() in exports.read(part)[1]
    assert exports.file(left).count(b"Title") == BOOKS
    assert exports.file(all_there) == first
    exports.execute(update(Job).where(Job.id == whole).values(finished_at=now() - KEPT))
    exports.sweep()
    assert {job_id for (job_id,) in exports.execute(select(ExportChunk.job_id))} == {part}
    assert exports.read(whole)[0] == 404


def test_filters_that_are_not_known_any_more_fail_with_their_name(exports: Exports):
    job_id = exports.ask("csv", "shelfIn=4")
    exports.work()

    job = exports.job(job_id)
    assert (job.state, job.error) == ("failed", "shelfIn: no such parameter here")
