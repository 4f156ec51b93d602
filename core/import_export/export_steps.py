"""The job that writes books into a file, a page of them in each batch."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from diptych.core.catalogue.books.schemas import BookFilter
from diptych.core.engine import cursors
from diptych.core.exports import queries
from diptych.core.exports.rules import KEPT, PAGE
from diptych.core.exports.schemas import ExportParameters
from diptych.core.formats.registry import format_named
from diptych.core.http import query_string
from diptych.core.jobs.rules import JobFailed, Progress
from diptych.core.sync import worker
from diptych.core.sync.operations.book_formats import content_of, first_page, read_page, writer_for
from diptych.core.sync.services.books import BookReader, BookService
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database


def export_steps(database: Database, parameters: ExportParameters, progress: Progress) -> Generator[worker.Step | None]:
    """Write a file, PAGE books in each batch; its position has how many parts there are, and the cursor of the next.

    Each page is of a snapshot of its own, as in the streamed list. Errors: JobFailed; those of the list.
    """
    chosen = format_named(parameters.format)
    writer = writer_for(chosen)
    query = first_page(_filters(parameters), PAGE)
    if progress.position is None:
        while database.execute_write(sweep_exports, in_transaction=False):
            yield None
        progress = Progress(total=database.read(partial(_count, query)), counts={"bytes": 0})
    parts, following = progress.position or (0, None)
    while parts == 0 or following is not None:
        if following is not None:
            query = query.model_copy(update={"cursor": cursors.parse(following)})
        following, items = database.read(partial(read_page, chosen, query), snapshot=True)
        content = content_of(chosen, items, b"" if parts == 0 else writer.between) if items else b""
        content = (b"" if parts else writer.begin) + content + (b"" if following else writer.end)
        progress = Progress(
            (parts + 1, following),
            progress.done + len(items),
            progress.total,
            {"bytes": progress.counts["bytes"] + len(content)},
        )
        yield partial(_store, {"job_id": parameters.export_id, "number": parts, "content": content}, progress)
        parts += 1


def sweep_exports(executor: Executor) -> int:
    """Delete some parts of files that are not kept any more, and return how many."""
    return len(executor.all(queries.SWEEP, {"seconds": -KEPT.total_seconds()}))


def _store(part: dict[str, Any], progress: Progress, session: Session) -> Progress:
    session.execute(queries.ADD_CHUNK, [part])
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
