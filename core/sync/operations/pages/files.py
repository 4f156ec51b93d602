# Generated from core/aio/operations/pages/files.py by tools/unasync.py: do not edit, run "make twins".
"""Covers, e-books and other formats of books, at addresses below /ui, where a session counts."""

from __future__ import annotations

from uuid import UUID

from diptych.core.errors import NotFound
from diptych.core.files import queries
from diptych.core.files.content.media_types import ACCEPTED
from diptych.core.files.copies import COPIES, COPY_TYPES
from diptych.core.files.schemas import DisplayedFile
from diptych.core.http.file_responses import FileContent
from diptych.core.http.operations import OperationRequest, OperationResult
from diptych.core.http.request_response import JSON
from diptych.core.sync.operations import book_files, book_formats, books
from diptych.core.sync.operations.pages.page import page
from diptych.core.sync.statement_executor import Executor

_KEPT = "private, max-age=31536000, immutable"
"""Of a cover, which is named by its content. No shared cache keeps it: the policy may come to forbid reading."""


def displayed_files(executor: Executor, book_id: UUID) -> list[DisplayedFile]:
    """Return the files of a book, covers first."""
    rows = executor.all(queries.SHOWN_OF_BOOK, {"book": book_id})
    return [queries.represent_displayed(row) for row in rows]


def cover(executor: Executor, call: OperationRequest) -> OperationResult:
    """Read a copy of a cover for display. Errors: NotFound."""
    name = call.parameters["name"]
    size, media_type = COPIES.get(name, ("", ""))
    values = {"digest": call.parameters["digest"], "size": size, "type": media_type}
    row = executor.first(queries.COPY_OF, values)
    if row is None:
        raise NotFound("There is no such cover.")
    return OperationResult(file=FileContent(row[0], row[1], media_type, name, inline=True), media_type=media_type)


def record(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return a book in another format. Errors: NotFound."""
    reader = books.reader(executor)
    if call.suffix:
        return book_formats.fetch_as(reader, call.parameters["id"], call.suffix)
    return OperationResult(reader.fetch("id", call.parameters["id"]))


operations = [
    page("cover", "/ui/cover/{digest}/{name}", cover, sends_file=COPY_TYPES, cache_control=_KEPT),
    page(
        "file",
        "/ui/file/{book_id}/{id}",
        book_files.read,
        sends_file=tuple(each.media_type for each in ACCEPTED),
        problems=("range-not-satisfiable",),
    ),
    page(
        "record",
        "/ui/record/{id}",
        record,
        suffixes=tuple(book_formats.ONE),
        needs_transaction=lambda call: bool(call.suffix),
        media_type=JSON,
    ),
]
