# Generated from core/aio/form_file.py by tools/unasync.py: do not edit, run "make twins".
"""The file that was chosen in a form of the pages: it is stored before the form is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from functools import partial

from diptych.core.engine.text_normalization import clean
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.files import queries
from diptych.core.files.rules import NAME_LENGTH, StoredFile
from diptych.core.http import form_files
from diptych.core.http.form_files import FormFile
from diptych.core.http.operations import Operation, OperationRequest
from diptych.core.http.problems import Problem
from diptych.core.http.request_response import LARGE, Request
from diptych.core.http.spool import Spool
from diptych.core.off_loop import in_thread
from diptych.core.settings import Settings
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database
from diptych.core.web.wording import text


def opened(operation: Operation, request: Request, settings: Settings) -> tuple[Request, FormFile | None]:
    """Return a request as one without a file, and the file. Errors: as diptych.core.http.form_files.opened."""
    read = partial(form_files.opened, request, operation.file_field, settings)
    is_large = isinstance(request.body, Spool) and len(request.body) >= LARGE
    return in_thread(read) if is_large else read()


def stored(
    database: Database,
    store: Callable[[Spool, str], StoredFile],
    operation: Operation,
    request: Request,
    file: FormFile,
) -> Request:
    """Store the file of a form; return the request with its digest in place of it.

    store: `store_file`, with all but a file and its media type.
    A form that is refused comes back with the digest, so the file is kept as long as one that no book has any more.
    Errors: ValidationFailed where it is of no type that is accepted, or its sender has too much stored already;
    ServiceUnavailable of the store.
    """
    with closing(file.content):
        assert operation.stores_file is not None  # noqa: S101 - as each operation with a `file_field`
        call = OperationRequest(request.prefix, {}, None, file.content)
        media_type = in_thread(partial(operation.stores_file, call))
        try:
            found = store(file.content, media_type)
        except Problem as problem:
            # The form comes back with what was typed, as it does where the file is of no type that is accepted.
            error = FieldError(problem.kind.name, text("files.full"), path=(operation.file_field,))
            raise ValidationFailed("The file cannot be taken.", [error]) from None

    def mark(executor: Executor) -> None:
        executor.run(queries.READY, {"digest": found.digest})

    database.execute_write(mark, in_transaction=False)
    return form_files.with_file(request, operation.file_field, found.digest, _name(file.name))


def _name(given: str) -> str:
    """Return the name of a file without what a name may not have; empty if that is not enough.

    A name is not refused, because the form has no field to correct it in.
    """
    try:
        return clean(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", given))[:NAME_LENGTH].strip()
    except ValueError:
        return ""
