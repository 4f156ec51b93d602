"""Files that come in forms: those of the pages are stored before the form is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial

from diptych.core.aio.statement_executor import Executor
from diptych.core.aio.unit_of_work import Database
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.files import queries
from diptych.core.files.rules import StoredFile
from diptych.core.http import form_files
from diptych.core.http.operations import Operation, OperationRequest
from diptych.core.http.problems import Problem
from diptych.core.http.request_response import LARGE, Request
from diptych.core.http.spool import Spool
from diptych.core.off_loop import in_thread_async
from diptych.core.settings import Settings
from diptych.core.web.wording import text


async def opened(operation: Operation, request: Request, settings: Settings) -> tuple[Request, Spool | None]:
    """Return a request as one without a file, and the file. Errors: as diptych.core.http.form_files.opened."""
    read = partial(form_files.opened, request, operation.file_field, settings)
    return await in_thread_async(read) if _is_large(request) else read()


async def unwrapped(request: Request, settings: Settings) -> Request:
    """Return a request with its file alone as its body. Errors: as diptych.core.http.form_files.unwrapped."""
    read = partial(form_files.unwrapped, request, settings)
    # In gzip any body may be large.
    may_be_large = _is_large(request) or "content-encoding" in request.headers
    return await in_thread_async(read) if may_be_large else read()


def _is_large(request: Request) -> bool:
    return isinstance(request.body, Spool) and len(request.body) >= LARGE


async def stored(
    database: Database,
    store: Callable[[Spool, str], Awaitable[StoredFile]],
    operation: Operation,
    request: Request,
    file: Spool,
) -> Request:
    """Store the file of a form; return the request with its digest in place of it.

    store: `store_file`, with all but a file and its media type.
    A form that is refused comes back with the digest, so the file is kept as long as one that no book has any more.
    Errors: ValidationFailed where it is of no type that is accepted, or its sender has too much stored already;
    ServiceUnavailable of the store.
    """
    with closing(file):
        assert operation.stores_file is not None  # noqa: S101 - as each operation with a `file_field`
        call = OperationRequest(request.prefix, {}, None, file)
        media_type = await in_thread_async(partial(operation.stores_file, call))
        try:
            found = await store(file, media_type)
        except Problem as problem:
            # The form comes back with what was typed, as it does where the file is of no type that is accepted.
            error = FieldError(problem.kind.name, text("files.full"), path=(operation.file_field,))
            raise ValidationFailed("The file cannot be taken.", [error]) from None

    async def mark(executor: Executor) -> None:
        await executor.run(queries.READY, {"digest": found.digest})

    await database.execute_write(mark, in_transaction=False)
    return form_files.with_file(request, operation.file_field, found.digest, file.name)
