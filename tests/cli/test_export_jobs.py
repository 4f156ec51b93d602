"""Jobs that write a file: the same when they are interrupted, and deleted when it is time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest
from sqlalchemy import select, update
from uuid_utils.compat import uuid7

from diptych.core.attribution import Attribution, attributed_to
from diptych.core.cli.job_types import job_types_of
from diptych.core.database import sync_config
from diptych.core.engine.entity import now
from diptych.core.exports.model import ExportChunk
from diptych.core.exports.rules import EXPORT, FILES, FORMATS, KEPT
from diptych.core.import_export import export_steps
from diptych.core.jobs.model import Job
from diptych.core.settings import Settings
from diptych.core.sync.job_queue import enqueue
from diptych.core.sync.unit_of_work import Database
from diptych.core.sync.worker import Worker
from tests.support.changes import opened
from tests.support.commands import done
from tests.support.databases import BACKENDS, Databases

BOOKS, PAGE = 35, 10


class Exports:
    """The exports of a database with some books."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._database = Database(sync_config(Settings(database_url=url)))
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
        Worker(self._database, job_types_of(Settings()), stopping=lambda: next(answers, True)).run(until_idle=True)

    def sweep(self) -> None:
        while self._database.execute_write(export_steps.sweep_exports, in_transaction=False):
            pass

    def execute(self, statement: Any) -> Any:
        with opened(self.url) as engine, engine.begin() as connection:
            result = connection.execute(statement)
            return result.all() if result.returns_rows else None

    def job(self, job_id: Any) -> Any:
        return self.execute(select(Job.__table__).where(Job.id == job_id))[0]

    def parts(self, job_id: Any) -> list[bytes]:
        found = select(ExportChunk.content).where(ExportChunk.job_id == job_id).order_by(ExportChunk.number)
        return [content for (content,) in self.execute(found)]

    def kept(self) -> set[Any]:
        return {job_id for (job_id,) in self.execute(select(ExportChunk.job_id).distinct())}

    def close(self) -> None:
        self._database.close()


@pytest.fixture(params=BACKENDS)
def exports(request: pytest.FixtureRequest, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exports]:
    monkeypatch.setattr(export_steps, "PAGE", PAGE)
    found = Exports(databases.migrated(request.param))
    yield found
    found.close()


def test_an_export_that_is_interrupted_between_its_batches_is_the_same_file(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
):
    asked = {name: exports.ask(name, "searchString=title", principal=name) for name in FORMATS}
    seen = set()
    while any(exports.job(each).state == "queued" for each in asked.values()):
        exports.work(steps=1)
        seen.update(exports.job(each).done for each in asked.values())

    assert seen == {0, PAGE, 2 * PAGE, 3 * PAGE, BOOKS}
    monkeypatch.setattr(export_steps, "PAGE", BOOKS + 1)
    for name, interrupted in asked.items():
        whole = exports.ask(name)
        exports.work()
        assert (len(exports.parts(interrupted)), len(exports.parts(whole))) == (4, 1)
        assert b"".join(exports.parts(interrupted)) == b"".join(exports.parts(whole)) != b""
        job = exports.job(interrupted)
        assert (job.total, job.counts) == (BOOKS, {"bytes": len(exports.parts(whole)[0])})


def test_files_are_deleted_when_they_are_old_or_incomplete_or_their_owner_has_newer_ones(exports: Exports):
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
    assert {len(exports.parts(job_id)) for job_id in jobs[1:]} == {4}


def test_filters_that_are_not_known_any_more_fail_with_their_name(exports: Exports):
    job_id = exports.ask("csv", "shelfIn=4")
    exports.work()

    job = exports.job(job_id)
    assert (job.state, job.error) == ("failed", "shelfIn: no such parameter here")
