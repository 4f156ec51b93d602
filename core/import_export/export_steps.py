"""The job that writes books into a file, a page of them in each batch, and puts it into the store of files."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from typing import Any

from msgspec.structs import replace
from sqlalchemy.orm import Session

from diptych.core.catalogue.books.schemas import BookFilter
from diptych.core.engine import cursors
from diptych.core.errors import ServiceUnavailable
from diptych.core.exports import queries
from diptych.core.exports.rules import KEPT, PAGE
from diptych.core.exports.schemas import ExportParameters
from diptych.core.files.rules import StoredFile
from diptych.core.files.store import UNAVAILABLE, FileStore
from diptych.core.formats.registry import Format, format_named
from diptych.core.http import query_string
from diptych.core.http.spool import Spool, SpoolError
from diptych.core.jobs.rules import JobFailed, Progress
from diptych.core.sync import worker
from diptych.core.sync.file_storage import keep, store_file
from diptych.core.sync.operations.book_formats import content_of, first_page, read_page, writer_for
from diptych.core.sync.services.books import BookReader, BookService
from diptych.core.sync.statement_executor import Executor, executor_of
from diptych.core.sync.unit_of_work import Database

WRITTEN = (1, None)
"""The position of a job whose file is in the store.

It says one part, of which `export_chunk` has none: servers of the previous release answer 404 for such a file.
"""


def export_steps(
    store: FileStore,
    spool_of: Callable[[], Spool],
    database: Database,
    parameters: ExportParameters,
    progress: Progress,
) -> Generator[worker.Step | None]:
    """Write a file, PAGE books in each batch, and store it.

    Until it is whole it is in a spool of this process, which `spool_of` makes: an attempt that is interrupted leaves
    nothing, and the next begins anew. Its position is None until then, so that one of the release before does, too.
    Each page is of a snapshot of its own, as in the streamed list. Errors: JobFailed; those of the list and the store.
    """
    if progress.position is not None and progress.position[1] is None:
        return
    chosen, query = format_named(parameters.format), first_page(_filters(parameters), PAGE)
    while database.execute_write(sweep_exports, in_transaction=True):
        yield None
    progress = Progress(total=database.read(partial(_count, query)), counts={"bytes": 0})
    yield partial(_begin, parameters, progress)
    with closing(spool_of()) as spool:
        for items in _write(database, chosen, query, spool):
            progress = replace(progress, done=progress.done + items, counts={"bytes": len(spool)})
            yield partial(_advance, progress)
        file = store_file(database, store, spool, chosen.media_type)
    yield partial(_keep, parameters, file, replace(progress, position=WRITTEN))


def sweep_exports(executor: Executor) -> int:
    """Give up some files that are not kept any more, and return how many. The sweep of files deletes them."""
    return sum(len(executor.all(sweep, {"seconds": -KEPT.total_seconds()})) for sweep in queries.SWEEP)


def _write(database: Database, chosen: Format, query: Any, spool: Spool) -> Generator[int]:
    """Write all pages into a spool; yield the number of books in each when it is written."""
    writer = writer_for(chosen)
    before, content = b"", writer.begin
    while True:
        following, items = database.read(partial(read_page, chosen, query), snapshot=True)
        content += content_of(chosen, items, before) if items else b""
        _append(spool, content if following else content + writer.end)
        yield len(items)
        if following is None:
            return
        query = query.model_copy(update={"cursor": cursors.parse(following)})
        before, content = writer.between, b""


def _append(spool: Spool, content: bytes) -> None:
    try:
        spool.extend(content)
    except SpoolError as error:
        raise ServiceUnavailable(UNAVAILABLE) from error


def _begin(parameters: ExportParameters, progress: Progress, session: Session) -> Progress:
    """Delete what a worker of the release before has written."""
    session.execute(queries.FORGET_CHUNKS, {"job": parameters.export_id})
    return progress


def _advance(progress: Progress, _session: Session) -> Progress:
    return progress


def _keep(parameters: ExportParameters, file: StoredFile, progress: Progress, session: Session) -> Progress:
    executor = executor_of(session)
    keep(executor, file)
    executor.run(queries.ADD_FILE, {"job": parameters.export_id, "digest": file.digest})
    return progress


def _filters(parameters: ExportParameters) -> Any:
    """Return the filters of an export. Errors: JobFailed for those that this release does not know."""
    filters, field_errors = query_string.validated(BookFilter, parameters.query)
    if filters is None or field_errors:
        raise JobFailed("; ".join(f"{each.parameter}: {each.detail}" for each in field_errors))
    return filters


def _count(query: Any, executor: Executor) -> int | None:
    page = BookReader(executor, BookService.spec).page(query.model_copy(update={"page_size": 1, "total": True}))
    return page.total
