"""Books in the formats of other programs: one book, or a list that is streamed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from diptych.core.aio.services.book_records import INCLUDED, book_records
from diptych.core.aio.services.books import BookReader, BookService
from diptych.core.aio.statement_executor import Executor
from diptych.core.aio.unit_of_work import Database
from diptych.core.catalogue.books.schemas import BookFilter, BookList
from diptych.core.deadline import checking
from diptych.core.engine import cursors
from diptych.core.engine.schemas.pagination import FilterQuery, ListQuery
from diptych.core.errors import Conflict, NotFound
from diptych.core.exports.rules import FORMATS
from diptych.core.formats.registry import Format, MissingLibraryError, format_named, writer_of
from diptych.core.formats.writing import Writer
from diptych.core.http.json import encode
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.off_loop import write_body_async

PAGE = 250
"""Books in one part of a streamed list."""

ONE = {
    chosen.suffixes[0]: chosen for chosen in map(format_named, ("bibtex", "csl", "jsonld", "marc", "marcxml", "ris"))
}
"""The formats of one book, by the suffix of its address."""

LISTS = tuple(map(format_named, FORMATS))
"""The formats of a list."""

_ALTERNATES = ", ".join(
    f'</books/{{id}}{suffix}>; rel="alternate"; type="{chosen.media_type}"' for suffix, chosen in ONE.items()
)


def alternates(book_id: UUID) -> str:
    """Return the Link to a book's other representations (RFC 8288)."""
    return _ALTERNATES.replace("{id}", str(book_id))


async def fetch_as(reader: BookReader, book_id: UUID, suffix: str) -> OperationResult:
    """GET of one book with a suffix. Errors: NotFound, also if the format cannot hold the book."""
    chosen = ONE[suffix]
    books = await reader.including([await reader.fetch("id", book_id)], INCLUDED)
    (record,) = await book_records(reader.executor, books)
    writer = writer_for(chosen)
    try:
        content = writer.begin + writer.record(record) + writer.end
    except ValueError as error:
        raise NotFound(f"{chosen.label} cannot hold this book: {error}.") from error
    return OperationResult(content, media_type=chosen.media_type)


def _streaming(chosen: Format) -> Callable[[Database, OperationRequest], Awaitable[OperationResult]]:
    """Return the function for GET of a list in a format."""

    async def stream(database: Database, call: OperationRequest) -> OperationResult:
        return stream_as(chosen, database, call.query)

    return stream


def stream_as(chosen: Format, database: Database, filters: FilterQuery) -> OperationResult:
    """Return the list of what matches, in a format of LISTS. Errors: NotFound if its library is not installed."""
    headers = {"Content-Disposition": f'attachment; filename="books{chosen.suffixes[0]}"'}
    # The writer is made before the response begins: a missing library is a problem, not an abort.
    parts = _parts(chosen, writer_for(chosen), database, filters)
    return OperationResult(stream=parts, headers=headers, media_type=chosen.media_type)


async def _parts(chosen: Format, writer: Writer, database: Database, filters: FilterQuery) -> AsyncIterator[bytes]:
    """Yield a list in the order of the ids, PAGE books at a time, each page of a snapshot of its own."""
    if writer.begin:
        yield writer.begin
    query = first_page(filters, PAGE)
    between = b""
    while True:
        following, items = await database.read(partial(read_page, chosen, query), snapshot=True)
        if items:
            yield await write_body_async(True, partial(content_of, chosen, items, between))
        if following is None:
            break
        query = query.model_copy(update={"cursor": cursors.parse(following)})
        between = writer.between
    if writer.end:
        yield writer.end


def first_page(filters: FilterQuery, size: int) -> Any:
    """Return the query for the first page of a list that is read in the order of the ids."""
    given = {name: getattr(filters, name) for name in BookFilter.model_fields}
    return BookList.model_construct(**given, order_by="id", sort_order="asc", page_size=size, total=False, cursor=None)


async def read_page(chosen: Format, query: ListQuery, executor: Executor) -> tuple[str | None, Sequence[Any]]:
    """Return the cursor of the next page, and a page as a writer takes it."""
    reader = BookReader(executor, BookService.spec)
    page = await reader.page(query)
    books = await reader.including(page.items, INCLUDED)
    return page.next, books if chosen.name == "jsonl" else await book_records(executor, books)


def content_of(chosen: Format, items: Sequence[Any], before: bytes) -> bytes:
    """Return a page in a format. Errors: Conflict if the format cannot hold one of the books."""
    # A new writer for each page: that of BibTeX remembers the keys that it has given, and these are unique anyway.
    writer, pieces = writer_for(chosen), [before]
    for item in checking(items):
        try:
            pieces += [writer.record(item), writer.between]
        except ValueError as error:
            raise Conflict(f"{chosen.label} cannot hold the book {item.record_id}: {error}") from error
    return b"".join(pieces[:-1])


class _JsonLines:
    """Writes each book as GET returns it, with all that it can include, in a line."""

    begin = between = end = b""
    notice = None

    def record(self, book: Any) -> bytes:
        """Return one line."""
        return encode(book) + b"\n"


def writer_for(chosen: Format) -> Writer:
    """Return a new writer. Errors: NotFound if its library is not installed."""
    if chosen.name == "jsonl":
        return _JsonLines()
    try:
        return writer_of(chosen.name)
    except MissingLibraryError as error:
        raise NotFound(f"{error}.") from error


operations = [
    Operation(
        name=f"books_list_{chosen.name}",
        method="GET",
        path=f"/books{chosen.suffixes[0]}",
        summary=f"Read all books that match, as {chosen.label}",
        description="The list is streamed in the order of the ids, and is no snapshot: each book is given once at "
        "most, as it was when its part of the list was read. An error ends the connection before the end of the body.",
        run=_streaming(chosen),
        unit="stream",
        query=BookFilter,
        response_schema=str,
        media_type=chosen.media_type,
        cache_control="no-store",
        tag="books",
    )
    for chosen in LISTS
]
