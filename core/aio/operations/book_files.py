"""The files of books: covers and e-books."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from diptych.core.aio.file_storage import keep
from diptych.core.aio.job_queue import enqueue
from diptych.core.aio.services.books import BookReader, BookService
from diptych.core.aio.services.row_writer import Writer
from diptych.core.aio.statement_executor import Executor
from diptych.core.engine.entity import now
from diptych.core.engine.schemas.pagination import Items
from diptych.core.errors import Conflict, FieldError, NotFound, ValidationFailed
from diptych.core.files import queries
from diptych.core.files.content.errors import UnsupportedTypeError
from diptych.core.files.content.media_types import ACCEPTED, IMAGES, SUFFIXES, identify
from diptych.core.files.copies import COPIES, COPY_TYPES, EXAMINED, details
from diptych.core.files.rules import EXAMINE, FILES_OF_BOOK, StoredFile
from diptych.core.files.schemas import BookFile, FileDetails, FileQuery
from diptych.core.http.file_responses import FileContent
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.http.problems import unsupported_media_type

_CONTENT = {"cover": "image", "ebook": "book"}
"""What a file of each kind is."""


def media_type_of(call: OperationRequest) -> str:
    """Return the media type of a file that was sent, by its content. Errors: Problem 415; ValidationFailed."""
    try:
        found = identify(call.body.head)
    except UnsupportedTypeError as error:
        accepted = ", ".join(each.media_type for each in ACCEPTED)
        raise unsupported_media_type(str(error), {"Accept": accepted}) from None
    if found.kind != _CONTENT[call.query.kind]:
        detail = f"a file of type {found.name} is no {call.query.kind}"
        raise ValidationFailed(
            "The request has errors; each is listed.", [FieldError("kind", detail, parameter="kind")]
        )
    return found.media_type


async def list_files(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the files of a book. Errors: NotFound."""
    await check_book(executor, call)
    rows = await executor.all(queries.LIST, {"book": call.parameters["id"]})
    return OperationResult(Items([queries.represent(row) for row in rows]))


async def check_book(executor: Executor, call: OperationRequest) -> None:
    """Look for the book that is given a file. Errors: NotFound."""
    await BookReader(executor, BookService.spec).ensure_exists(call.parameters["id"])


async def add(executor: Executor, call: OperationRequest) -> OperationResult:
    """Give a book a file that has been stored. Errors: NotFound; Conflict."""
    book_id = call.parameters["id"]
    await Writer(executor, BookService.spec).lock_for_update(book_id)
    ((count,),) = await executor.all(queries.COUNT, {"book": book_id})
    if count >= FILES_OF_BOOK:
        raise Conflict(f"A book has {FILES_OF_BOOK} files at most.")
    await keep(executor, call.body)
    this = {"book": book_id, "file": uuid7()}
    await _written(executor, queries.ADD, {**this, "moment": now(), **_values(call)})
    await _have_examined(executor, call.body)
    return OperationResult(await _fetch(executor, this))


async def read(executor: Executor, call: OperationRequest) -> OperationResult:
    """Read a file of a book. Errors: NotFound."""
    file = await _fetch(executor, _this(call))
    name = file.name or f"{file.kind}{SUFFIXES.get(file.media_type, '')}"
    content = FileContent(file.sha256, file.size, file.media_type, name, file.media_type in IMAGES)
    return OperationResult(file=content, media_type=file.media_type)


async def check_file(executor: Executor, call: OperationRequest) -> None:
    """Look for the file that is replaced. Errors: NotFound."""
    await _fetch(executor, _this(call))


async def replace(executor: Executor, call: OperationRequest) -> OperationResult:
    """Replace a file of a book by one that has been stored. Errors: NotFound; Conflict."""
    await lock(executor, call)
    await keep(executor, call.body)
    await _written(executor, queries.REPLACE, {**_this(call), **_values(call)})
    await _have_examined(executor, call.body)
    return OperationResult(await _fetch(executor, _this(call)))


async def remove(executor: Executor, call: OperationRequest) -> OperationResult:
    """Delete a file of a book. Errors: NotFound."""
    if await executor.first(queries.REMOVE, _this(call)) is None:
        raise _not_found()
    return OperationResult()


async def lock(executor: Executor, call: OperationRequest) -> None:
    """Lock a file of a book. Errors: NotFound."""
    if await executor.first(queries.LOCK, _this(call)) is None:
        raise _not_found()


async def fetch_details(executor: Executor, call: OperationRequest) -> OperationResult:
    """Read what was found in a file. Errors: NotFound."""
    row = await executor.first(queries.DESCRIPTION, _this(call))
    if row is None:
        raise _not_found()
    digest, content = row
    rows = await executor.all(queries.COPIES, {"digest": digest}) if content is not None else []
    return OperationResult(details(rows, content))


async def read_copy(executor: Executor, call: OperationRequest) -> OperationResult:
    """Read a copy of a file for display. Errors: NotFound."""
    name = call.parameters["name"]
    if name not in COPIES:
        raise NotFound(f"There is no such copy; there can be {', '.join(COPIES)}.")
    size, media_type = COPIES[name]
    row = await executor.first(queries.COPY, {**_this(call), "size": size, "type": media_type})
    if row is None:
        raise NotFound("There is no such copy, or not yet.")
    return OperationResult(file=FileContent(row[0], row[1], media_type, name, inline=True), media_type=media_type)


async def _have_examined(executor: Executor, file: StoredFile) -> None:
    """Ask for the job that looks into a file, where it can be an image or an EPUB book."""
    if file.media_type in EXAMINED:
        await enqueue(executor, EXAMINE, {"sha256": file.digest})


async def _fetch(executor: Executor, this: dict[str, Any]) -> BookFile:
    row = await executor.first(queries.ONE, this)
    if row is None:
        raise _not_found()
    return queries.represent(row)


async def _written(executor: Executor, statement: Any, values: dict[str, Any]) -> None:
    try:
        await executor.run(statement, values)
    except IntegrityError as error:
        raise Conflict("The book has this file already.") from error


def _this(call: OperationRequest) -> dict[str, Any]:
    return {"book": call.parameters["book_id"], "file": call.parameters["id"]}


def _values(call: OperationRequest) -> dict[str, Any]:
    file: StoredFile = call.body
    return {"new_kind": call.query.kind, "new_name": call.query.name, "new_sha256": file.digest}


def _not_found() -> NotFound:
    return NotFound("There is no such file.")


_ONE = "/books/{book_id}/files/{id}"
_SENT = "The file is the body. Its type is determined by its content, not by `Content-Type`."
_TYPES = tuple(each.media_type for each in ACCEPTED)

operations = [
    Operation(
        name="books_list_files",
        method="GET",
        path="/books/{id}/files",
        tag="files",
        summary="List the files of a book",
        run=list_files,
        unit="read",
        response_schema=Items[BookFile],
    ),
    Operation(
        name="books_add_file",
        method="POST",
        path="/books/{id}/files",
        tag="files",
        summary="Give a book a file: a cover, or the book itself",
        description=f"{_SENT} 409 if the book has it already.",
        run=add,
        unit="write_one",
        needs_transaction=lambda _: True,
        stores_file=media_type_of,
        admits=check_book,
        accepts=_TYPES,
        query=FileQuery,
        response_schema=BookFile,
        status=201,
        resource_path=_ONE,
        describes_file=True,
        problems=("storage-limit",),
    ),
    Operation(
        name="books_get_file",
        method="GET",
        path=_ONE,
        tag="files",
        summary="Read the content of a file, or a part of it",
        description="`Range` asks for a part (RFC 9110 section 14). The entity tag is the SHA-256 of the content.",
        run=read,
        unit="read",
        sends_file=_TYPES,
        problems=("range-not-satisfiable",),
    ),
    Operation(
        name="books_get_file_details",
        method="GET",
        path=f"{_ONE}/details",
        tag="files",
        summary="Read what was found in a file: copies for display, metadata of an EPUB book",
        description="A job looks into a file after its upload. The metadata is an offer: it is not in the record.",
        run=fetch_details,
        unit="read",
        response_schema=FileDetails,
    ),
    Operation(
        name="books_get_file_copy",
        method="GET",
        path=f"{_ONE}/copies/{{name}}",
        tag="files",
        summary="Read a copy of an image for display: small.webp, small.jpg, large.webp or large.jpg",
        run=read_copy,
        unit="read",
        sends_file=COPY_TYPES,
        response_schema=bytes,
        media_type="application/octet-stream",
    ),
    Operation(
        name="books_replace_file",
        method="PUT",
        path=_ONE,
        tag="files",
        summary="Replace a file of a book",
        description=f"{_SENT} Its address stays.",
        run=replace,
        unit="write_one",
        needs_transaction=lambda _: True,
        lock=lock,
        stores_file=media_type_of,
        admits=check_file,
        accepts=_TYPES,
        query=FileQuery,
        response_schema=BookFile,
        problems=("storage-limit",),
    ),
    Operation(
        name="books_delete_file",
        method="DELETE",
        path=_ONE,
        tag="files",
        summary="Delete a file of a book",
        run=remove,
        unit="write_one",
        needs_transaction=lambda _: True,
        lock=lock,
        status=204,
    ),
]
