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

STORED = (1, None)
"""The position of a job whose file is in the store.

It says one part, of which `export_chunk` has none: servers of revision 0012 answer 404 for such a file.
"""

COMPLETE = ""
"""The cursor when all parts are written. It is not None, which workers of revision 0014 take for a stored file."""


def export_steps(
    store: FileStore,
    spool_of: Callable[[], Spool],
    database: Database,
    parameters: ExportParameters,
    progress: Progress,
) -> Generator[worker.Step | None]:
    """Write a file, PAGE books in each batch, and store it.

    A batch commits a part of the file to the database, together with the number of parts and the cursor of the next
    page, so that another attempt goes on after it. Then the parts are put together in a spool of this process, which
    `spool_of` makes, and stored as one file; last, they are deleted. Each page is of a snapshot of its own, as in the
    streamed list. Errors: JobFailed; those of the list and the store.
    """
    if not database.read(partial(_is_stored, parameters)):
        chosen, query = format_named(parameters.format), first_page(_filters(parameters), PAGE)
        if progress.position is None:
            while database.execute_write(sweep_exports, in_transaction=True):
                yield None
            progress = Progress(total=database.read(partial(_count, query)), counts={"bytes": 0})
        for part, reached in _parts(database, chosen, query, progress):
            yield partial(_add, parameters, part, reached)
            progress = reached
        with closing(spool_of()) as spool:
            for number in range(_place(progress)[0]):
                _append(spool, database.read(partial(_read, parameters, number)))
                yield None
            file = store_file(database, store, spool, chosen.media_type)
        progress = replace(progress, position=STORED)
        yield partial(_keep, parameters, file, progress)
    while database.read(partial(_has_parts, parameters)):
        yield partial(_forget, parameters, progress)


def sweep_exports(executor: Executor) -> int:
    """Give up some files that are not kept any more, and return how many. The sweep of files deletes them."""
    return sum(len(executor.all(sweep, {"seconds": -KEPT.total_seconds()})) for sweep in queries.SWEEP)


def _parts(database: Database, chosen: Format, query: Any, progress: Progress) -> Generator[tuple[bytes, Progress]]:
    """Yield the parts of a file that are not there yet, each with the progress that it makes."""
    writer = writer_for(chosen)
    number, cursor = _place(progress)
    while cursor != COMPLETE:
        if cursor is not None:
            query = query.model_copy(update={"cursor": cursors.parse(cursor)})
        following, items = database.read(partial(read_page, chosen, query), snapshot=True)
        part = b"" if number else writer.begin
        part += content_of(chosen, items, writer.between if number else b"") if items else b""
        part += b"" if following else writer.end
        number, cursor = number + 1, following or COMPLETE
        size = progress.counts["bytes"] + len(part)
        progress = replace(progress, position=(number, cursor), done=progress.done + len(items), counts={"bytes": size})
        yield part, progress


def _place(progress: Progress) -> tuple[int, str | None]:
    """Return how many parts are there, and the cursor of the page that follows them."""
    if progress.position is None:
        return 0, None
    number, cursor = progress.position
    # A worker of revision 0012 has written None where all parts are there.
    return number, cursor or COMPLETE


def _append(spool: Spool, content: bytes) -> None:
    try:
        spool.extend(content)
    except SpoolError as error:
        raise ServiceUnavailable(UNAVAILABLE) from error


def _add(parameters: ExportParameters, part: bytes, progress: Progress, session: Session) -> Progress:
    values = {"job": parameters.export_id, "place": _place(progress)[0] - 1, "part": part}
    session.execute(queries.ADD_CHUNK, values)
    return progress


def _read(parameters: ExportParameters, number: int, executor: Executor) -> bytes:
    """Return a part. Errors: JobFailed."""
    row = executor.first(queries.CHUNK, {"job": parameters.export_id, "number": number})
    if row is None:
        raise JobFailed("A part of the file is missing: export it again.")
    return bytes(row[0])


def _keep(parameters: ExportParameters, file: StoredFile, progress: Progress, session: Session) -> Progress:
    executor = executor_of(session)
    keep(executor, file)
    executor.run(queries.ADD_FILE, {"job": parameters.export_id, "digest": file.digest})
    return progress


def _is_stored(parameters: ExportParameters, executor: Executor) -> bool:
    return executor.first(queries.STORED, {"job": parameters.export_id}) is not None


def _has_parts(parameters: ExportParameters, executor: Executor) -> bool:
    return executor.first(queries.CHUNKS, {"job": parameters.export_id}) is not None


def _forget(parameters: ExportParameters, progress: Progress, session: Session) -> Progress:
    """Delete some parts."""
    session.execute(queries.FORGET_CHUNKS, {"job": parameters.export_id})
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
