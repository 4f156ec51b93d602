"""Jobs that import a file: the same as the command does, also when they are interrupted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, delete, func, select, update

from diptych.core.access.principal import UNKNOWN
from diptych.core.cli.job_types import job_types_of, sweep_imports
from diptych.core.database import sync_config
from diptych.core.db.config import connection_string
from diptych.core.engine.entity import now
from diptych.core.files import queries
from diptych.core.files.rules import StoredFile
from diptych.core.files.store import FileStore
from diptych.core.http.spool import Spool
from diptych.core.imports.model import ImportChunk, ImportContent, ImportFile, ImportReject
from diptych.core.imports.rules import CHUNK, IMPORT, KEPT, PART, PREVIEW
from diptych.core.jobs.model import Job
from diptych.core.settings import Settings
from diptych.core.sync.file_storage import store_file
from diptych.core.sync.job_queue import enqueue
from diptych.core.sync.operations.imports import add
from diptych.core.sync.unit_of_work import Database
from diptych.core.sync.worker import Worker
from tests.support.changes import state
from tests.support.commands import done, invoked
from tests.support.databases import BACKENDS, Databases

GONE = "The file is no longer there."

ROWS = 2500
"""Two batches and a half."""


class Imports:
    """The files of a database, and the jobs that read them. files: where they are stored."""

    def __init__(self, url: str, files: Path) -> None:
        self.url = url
        self.files = files
        self._settings = Settings(database_url=url, files=str(files))
        self._database = Database(sync_config(self._settings))
        self._engine: Engine = create_engine(connection_string(self._settings))

    def add(self, content: bytes, name: str = "books.csv") -> Any:
        """Store a file, and return its id."""

        def work(executor: Any) -> Any:
            return add(executor, UNKNOWN, file, name)

        with closing(Spool()) as spool:
            spool.extend(content)
            file: StoredFile = store_file(self._database, FileStore(str(self.files)), spool, "text/csv")
        found = self._database.execute_write(work, in_transaction=True)
        self.execute(delete(Job).where(Job.id == found.job.id))
        return found.id

    def add_as_before(self, content: bytes) -> Any:
        """Store a file as the release before does, and return its id."""
        chunks = [content[start : start + CHUNK] for start in range(0, len(content), CHUNK)]
        with self._engine.begin() as connection:
            file = {"name": "books.csv", "size": len(content), "created_at": now()}
            row_id = connection.execute(ImportFile.__table__.insert().values(**file)).inserted_primary_key[0]  # type: ignore[attr-defined,index]
            rows = [{"import_id": row_id, "number": number, "content": chunk} for number, chunk in enumerate(chunks)]
            connection.execute(ImportChunk.__table__.insert(), rows)  # type: ignore[attr-defined]
        return row_id

    def ask(self, kind: str, import_id: Any, **options: Any) -> Any:
        """Ask for a job that reads a file, and return its id."""

        def work(executor: Any) -> Any:
            return enqueue(executor, kind, {"import_id": str(import_id), **options})

        return self._database.execute_write(work, in_transaction=True).id

    def work(self, steps: int = sys.maxsize) -> None:
        """Do the jobs that wait, or so many steps of one."""
        answers = repeat(False, steps)
        Worker(self._database, job_types_of(self._settings), stopping=lambda: next(answers, True)).run(until_idle=True)

    def digest(self, import_id: Any) -> str:
        found = select(ImportContent.sha256).where(ImportContent.import_id == import_id)
        return str(self.execute(found).scalar_one())

    def forget(self, digest: str) -> None:
        """Delete the row of a file in the store."""
        self._database.execute_write(
            lambda executor: executor.run(queries.FORGET, {"digest": digest}), in_transaction=True
        )

    def job(self, job_id: Any) -> Any:
        with self._engine.connect() as connection:
            return connection.execute(select(Job.__table__).where(Job.id == job_id)).one()

    def rejects(self) -> list[tuple[int, int]]:
        with self._engine.connect() as connection:
            found = select(ImportReject.number, ImportReject.line).order_by(ImportReject.number)
            return [(number, line) for number, line in connection.execute(found)]

    def execute(self, statement: Any) -> Any:
        with self._engine.begin() as connection:
            return connection.execute(statement)

    def sweep(self) -> int:
        return self._database.execute_write(sweep_imports, in_transaction=True)

    def close(self) -> None:
        self._database.close()
        self._engine.dispose()


@pytest.fixture(params=BACKENDS)
def imports(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Imports]:
    found = Imports(databases.migrated(request.param), tmp_path / "files")
    yield found
    found.close()


def table() -> bytes:
    """Return a table with rows that are rejected, that repeat earlier ones, and that contradict them."""
    rows = ["title,author,isbn,year"]
    for number in range(ROWS):
        odd = {7: ",Nobody,,", 8: "Title 5,Author 5,,1905", 9: "Title 5,Author 5,,", 10: f"Title x,Author 1,,{'9' * 9}"}
        rows.append(odd.get(number % 100, f"Title {number},Author {number % 50},,{1900 + number % 100}"))
    return "\n".join(rows).encode()


def counts_of(url: str, path: Path) -> tuple[str, int]:
    """Import a file by the command; return its line of counts, and the number of rejects."""
    rejects = path.with_suffix(".rejects")
    result = invoked(url, "import", str(path), "--allow-rejects", "--rejects", str(rejects))
    assert result.exit_code == 0, result.output
    return result.stdout.strip(), len(rejects.read_text("utf-8").splitlines()) - 1


def titles(url: str) -> list[str]:
    """Return the titles of all books."""
    rows = [json.loads(line) for line in done(url, "export").splitlines()]
    return sorted(row["title"] for row in rows if row["type"] == "book")


def test_a_job_that_is_interrupted_between_its_batches_imports_what_the_command_does(
    imports: Imports, databases: Databases, tmp_path: Path
):
    path = tmp_path / "books.csv"
    path.write_bytes(table())
    other = databases.migrated(imports.url.partition(":")[0])
    told, rejected = counts_of(other, path)
    row = imports.add(table())
    job_id = imports.ask(IMPORT, row)

    seen: list[int] = []
    while imports.job(job_id).state == "queued" and len(seen) < 20:
        # A job that goes on has a step for each of the batches that are done.
        imports.work(steps=len(seen) + 1)
        seen.append(imports.job(job_id).done)

    job = imports.job(job_id)
    assert job.state == "succeeded", job.error
    assert len(set(seen)) > 2
    assert seen == sorted(seen)
    counts = ", ".join(f"{number:,} {name}" for name, number in job.counts.items())
    assert told == f"{job.done:,} rows: {counts}"
    assert len(imports.rejects()) == rejected == job.counts["rejected"]
    assert [number for number, _ in imports.rejects()] == list(range(rejected))
    assert titles(imports.url) == titles(other)
    (left_out,) = imports.execute(select(ImportFile.left_out)).one()
    assert any("year" in line for line in left_out)


def test_lines_of_an_export_are_restored_and_a_file_of_several_parts_is_read(imports: Imports, databases: Databases):
    books = [{"title": f"Book {number}", "description": "x" * 20_000} for number in range(200)]
    content = "".join(json.dumps(book) + "\n" for book in books).encode()
    assert len(content) > 3 * PART
    job_id = imports.ask(IMPORT, imports.add(content, "books.jsonl"))
    imports.work()
    assert imports.job(job_id).counts["created"] == 200
    exported = done(imports.url, "export")
    other = Imports(databases.migrated(imports.url.partition(":")[0]), imports.files)

    restored = other.ask(IMPORT, other.add(exported.encode(), "export.jsonl"))
    other.work()

    assert other.job(restored).state == "succeeded", other.job(restored).error
    assert state(other.url) == state(imports.url)
    other.close()


def test_a_file_that_is_gone_or_unreadable_is_told(imports: Imports):
    row = imports.add(b"%PDF-1.7", "books.pdf")
    unread, gone = imports.ask(PREVIEW, row), imports.ask(IMPORT, row)

    imports.work(steps=1)
    imports.execute(delete(ImportFile))
    imports.work()

    assert "PDF document" in imports.job(unread).error
    assert imports.job(gone).error == GONE


def test_an_import_whose_file_was_deleted_is_no_empty_one(imports: Imports):
    rows = [imports.add(f"title\n{name}\n".encode()) for name in ("swept", "lost")]
    swept, lost = (imports.ask(IMPORT, row) for row in rows)
    # As the sweep of the release before does, which does not know that an import has it.
    imports.forget(imports.digest(rows[0]))
    FileStore(str(imports.files)).delete(imports.digest(rows[1]))

    imports.work()

    for job in (swept, lost):
        assert (imports.job(job).state, imports.job(job).error) == ("failed", GONE)
    assert imports.execute(select(func.count(ImportFile.id))).scalar() == 2


def test_while_the_store_is_down_an_import_waits_and_then_goes_on(imports: Imports):
    job = imports.ask(IMPORT, imports.add(table()))
    imports.work(steps=2)
    done = imports.job(job).done
    imports.files.rename(imports.files.with_name("elsewhere"))
    imports.files.write_text("no directory")

    imports.work()

    assert (imports.job(job).state, imports.job(job).done) == ("queued", done)
    imports.files.unlink()
    imports.files.with_name("elsewhere").rename(imports.files)
    imports.execute(update(Job).values(available_at=now()))
    imports.work()
    assert (imports.job(job).state, imports.job(job).done) == ("succeeded", ROWS)
    assert 0 < done < ROWS


def test_a_file_that_the_release_before_has_put_into_the_database_is_imported(imports: Imports):
    content = b"title,note\n" + b"".join(b"Book %d,%s\n" % (number, b"x" * 5000) for number in range(200))
    assert len(content) > 3 * CHUNK
    row = imports.add_as_before(content)
    whole = imports.ask(IMPORT, row)

    imports.work()
    imports.execute(delete(ImportChunk).where(ImportChunk.number == 1))
    broken = imports.ask(IMPORT, row)
    imports.work()

    assert imports.job(whole).counts["created"] == 200
    assert (imports.job(broken).state, imports.job(broken).error) == ("failed", GONE)


def test_files_are_deleted_when_they_are_old_and_nobody_reads_them(imports: Imports):
    old, read, _ = (imports.add(b"title\nx\n") for _ in range(3))
    moment = now() - KEPT
    imports.execute(update(ImportFile).where(ImportFile.id.in_([old, read])).values(created_at=moment))
    imports.execute(update(ImportFile).where(ImportFile.id == read).values(job_id=imports.ask(IMPORT, read)))

    assert imports.sweep() == 1
    assert imports.sweep() == 0
    assert imports.execute(select(func.count(ImportFile.id))).scalar() == 2
    assert imports.execute(select(func.count()).select_from(ImportContent)).scalar() == 2
