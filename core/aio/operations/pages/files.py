"""Covers, e-books and other formats of books, at addresses below /ui, where a session counts."""

from __future__ import annotations

from importlib import import_module
from typing import Literal
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from diptych.core.aio.operations import book_files, book_formats, books
from diptych.core.aio.operations.pages.page import button, form, html, page, see_other
from diptych.core.aio.services import stored_files
from diptych.core.aio.services.books import BookService
from diptych.core.aio.services.row_writer import Writer
from diptych.core.aio.services.stored_files import ChosenFile
from diptych.core.aio.statement_executor import Executor, executor_of
from diptych.core.errors import FieldError, NotFound, ValidationFailed
from diptych.core.files import queries
from diptych.core.files.content.errors import ContentError, UnsupportedTypeError
from diptych.core.files.content.media_types import ACCEPTED, identify
from diptych.core.files.copies import COPIES, COPY_TYPES
from diptych.core.files.rules import COVER_MAX
from diptych.core.files.schemas import DisplayedFile
from diptych.core.http.file_responses import FileContent
from diptych.core.http.operations import FORM, OperationRequest, OperationResult
from diptych.core.http.request_response import JSON
from diptych.core.http.uploads import MULTIPART
from diptych.core.web import book_files as views
from diptych.core.web.book_files import EbookForm
from diptych.core.web.books import book_href
from diptych.core.web.frame import frame_of
from diptych.core.web.wording import text

_KEPT = "private, max-age=31536000, immutable"
"""Of a cover, which is named by its content. No shared cache keeps it: the policy may come to forbid reading."""


async def displayed_files(executor: Executor, book_id: UUID) -> list[DisplayedFile]:
    """Return the files of a book, covers first."""
    rows = await executor.all(queries.SHOWN_OF_BOOK, {"book": book_id})
    return [queries.represent_displayed(row) for row in rows]


async def cover(executor: Executor, call: OperationRequest) -> OperationResult:
    """Read a copy of a cover for display. Errors: NotFound."""
    name = call.parameters["name"]
    size, media_type = COPIES.get(name, ("", ""))
    values = {"digest": call.parameters["digest"], "size": size, "type": media_type}
    row = await executor.first(queries.COPY_OF, values)
    if row is None:
        raise NotFound("There is no such cover.")
    return OperationResult(file=FileContent(row[0], row[1], media_type, name, inline=True), media_type=media_type)


def cover_type(call: OperationRequest) -> str:
    """Return the media type of a cover that was chosen in a form. Errors: ValidationFailed."""
    media_type = _type(call, "cover", "image")
    if len(call.body) > COVER_MAX:
        raise _refused("cover", text("files.large", size=COVER_MAX >> 20))
    try:
        # It needs Pillow: the service does without it until an image comes.
        import_module("diptych.core.files.content.images").dimensions(call.body.rewound())
    except ContentError as error:
        raise _refused("cover", str(error)) from None
    return media_type


def ebook_type(call: OperationRequest) -> str:
    """Return the media type of an e-book that was chosen in a form. Errors: ValidationFailed."""
    return _type(call, "ebook", "book")


def _type(call: OperationRequest, field: str, kind: Literal["image", "book"]) -> str:
    if not len(call.body):
        raise _refused(field, text("files.empty"))
    try:
        found = identify(call.body.head, kind)
    except UnsupportedTypeError as error:
        raise _refused(field, str(error)) from None
    if found.kind != kind:
        raise _refused(field, text(f"files.no_{kind}", type=found.name))
    return found.media_type


def _refused(field: str, detail: str) -> ValidationFailed:
    return ValidationFailed("The file cannot be taken.", [FieldError("file", detail, path=(field,))])


async def show_files(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of the files of a book, to add and remove some. Errors: NotFound."""
    book = await books.reader(executor).fetch("slug", call.parameters["slug"])
    files = await displayed_files(executor, book.id)
    return html(views.files_page(frame_of(_FILES, call.principal), book, files))


async def add_ebook(session: AsyncSession, call: OperationRequest) -> OperationResult:
    """Give a book an e-book. Errors: NotFound, ValidationFailed."""
    form: EbookForm = call.body
    if form.ebook is None:
        raise _refused("ebook", text("files.choose"))
    executor = await executor_of(session)
    book = await books.reader(executor).fetch("slug", call.parameters["slug"])
    await Writer(executor, BookService.spec).lock_for_update(book.id)
    await stored_files.add(executor, book.id, ChosenFile("ebook", form.ebook, form.ebook_name))
    return see_other(book_href(book))


async def remove(executor: Executor, call: OperationRequest) -> OperationResult:
    """Take a file from a book. Errors: NotFound."""
    book = await books.reader(executor).fetch("slug", call.parameters["slug"])
    await book_files.remove(executor, replace(call, parameters={"book_id": book.id, "id": call.parameters["id"]}))
    return see_other(book_href(book))


async def record(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return a book in another format. Errors: NotFound."""
    reader = books.reader(executor)
    if call.suffix:
        return await book_formats.fetch_as(reader, call.parameters["id"], call.suffix)
    return OperationResult(await reader.fetch("id", call.parameters["id"]))


_FILES = "/ui/book/{slug}/files"

operations = [
    page("book_files", _FILES, show_files, permission="catalogue:write"),
    form(
        "add_ebook",
        _FILES,
        add_ebook,
        views.files_again,
        body=EbookForm,
        file_field="ebook",
        stores_file=ebook_type,
        accepts=(FORM, MULTIPART),
    ),
    button("remove_file", f"{_FILES}/{{id}}/remove", remove),
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
