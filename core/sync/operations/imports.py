# Generated from core/aio/operations/imports.py by tools/unasync.py: do not edit, run "make twins".
"""Imports: a file is sent, looked at, and imported by a job."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from diptych.core.access.principal import Principal
from diptych.core.engine.entity import now
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.pagination import Page
from diptych.core.errors import Conflict
from diptych.core.files.content.errors import UnsupportedTypeError
from diptych.core.files.content.media_types import identify
from diptych.core.files.rules import StoredFile
from diptych.core.formats.tables.cells import guarded
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.http.uploads import MULTIPART, OCTETS
from diptych.core.imports import queries
from diptych.core.imports.rules import IMPORT, PAGE, PREVIEW, UNDO
from diptych.core.imports.schemas import Import, ImportList, ImportName, ImportOptions, ReadingOptions, UndoParameters
from diptych.core.jobs.ownership import may_see, owner_of, visible_to
from diptych.core.jobs.schemas import Job
from diptych.core.off_loop import write_body
from diptych.core.sync import job_queue
from diptych.core.sync.file_storage import keep
from diptych.core.sync.services.row_reader import Reader, row_not_found
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database

REASON = "reason"
"""The column of a list of rejects that its source has not."""


def media_type_of(call: OperationRequest) -> str:
    """Return the media type of a file: that of a file of a book where it could be one, which later may be sent, too."""
    try:
        return identify(call.body.head).media_type
    except UnsupportedTypeError:
        return OCTETS


def check_nothing(_executor: Executor, _call: OperationRequest) -> None:
    """Look for nothing: the file is for an import of its own."""


def create(executor: Executor, call: OperationRequest) -> OperationResult:
    """Add an import of a file that has been stored, and have it previewed."""
    return OperationResult(add(executor, call.principal, call.body, call.query.name or call.body.name))


def add(executor: Executor, principal: Principal, file: StoredFile, name: str) -> Import:
    """Add an import of a file that has been stored, and have it previewed. name: empty for none."""
    keep(executor, file)
    row_id = uuid7()
    row = {
        "new_id": row_id,
        "new_name": name or None,
        "new_size": file.size,
        "new_principal": owner_of(principal),
        "new_created_at": now(),
    }
    executor.run(queries.ADD_FILE, row)
    executor.run(queries.ADD_CONTENT, {"import_id": row_id, "digest": file.digest})
    _enqueue(executor, row_id, PREVIEW, ReadingOptions())
    found: Import = Reader(executor, queries.spec).fetch("id", row_id)
    return found


def list_imports(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the imports that the principal may see."""
    return OperationResult(Reader(executor, queries.spec).page(call.query, **visible_to(call.principal)))


def read(executor: Executor, call: OperationRequest) -> OperationResult:
    """Read one import. Errors: NotFound."""
    return OperationResult(visible(executor, call))


def preview(executor: Executor, call: OperationRequest) -> OperationResult:
    """Have a file previewed anew, with other options. Errors: NotFound; Conflict while it is being read."""
    row_id, _ = _lock_idle(executor, call)
    return _accepted(_enqueue(executor, row_id, PREVIEW, call.body or ReadingOptions()))


def start(executor: Executor, call: OperationRequest) -> OperationResult:
    """Have a file imported. Errors: as `preview`."""
    row_id, _ = _lock_idle(executor, call)
    for statement in (queries.FORGET_REJECTS, queries.RESET):
        executor.run(statement, {"import_id": row_id})
    return _accepted(_enqueue(executor, row_id, IMPORT, call.body or ImportOptions()))


def undo(executor: Executor, call: OperationRequest) -> OperationResult:
    """Have an import undone. Errors: as `preview`; Conflict where the last job of the file was no import."""
    row_id, job_id = _lock_idle(executor, call)
    found = executor.first(queries.LAST_JOB, {"job": job_id})
    if found is None or found[0] != IMPORT or found[1] is None:
        raise Conflict("The last job of this file was no import: there is nothing to undo by it.")
    _, request_id, principal, via, parameters = found
    options = {name: value for name, value in parameters.items() if name != "import_id"}
    sender = {"request_id": request_id, "principal": principal, "via": via}
    of_import = UndoParameters.model_validate({"import_id": str(row_id), **sender, "options": options})
    return _accepted(_enqueue(executor, row_id, UNDO, of_import))


def delete(executor: Executor, call: OperationRequest) -> OperationResult:
    """Delete a file, with its rejects. Errors: as `preview`."""
    row_id, _ = _lock_idle(executor, call)
    executor.run(queries.DELETE, {"import_id": row_id})
    return OperationResult()


def list_rejects(database: Database, call: OperationRequest) -> OperationResult:
    """Stream what was rejected, as CSV. Errors: NotFound."""

    def columns_of(executor: Executor) -> Any:
        visible(executor, call)
        return executor.first(queries.COLUMNS, {"import_id": call.parameters["id"]})

    (columns,) = database.read(columns_of)
    headers = {"Content-Disposition": 'attachment; filename="rejects.csv"'}
    return OperationResult(stream=_rejects(database, call.parameters["id"], columns), headers=headers)


def _rejects(database: Database, import_id: UUID, columns: Sequence[str] | None) -> Iterator[bytes]:
    """Yield a list of rejects, PAGE of them at a time."""

    def page(executor: Executor, after: int) -> Sequence[Any]:
        return executor.all(queries.REJECTS, {"import_id": import_id, "after": after})

    row: Callable[[Any], list[str]] = partial(_of_table, columns) if columns else _of_record
    yield _written([[*columns, REASON] if columns else ["number", "content", REASON]])
    last, found = -1, PAGE
    while found == PAGE:
        rejects = database.read(partial(page, after=last))
        found = len(rejects)
        if rejects:
            last = rejects[-1][0]
            yield write_body(True, partial(_lines, rejects, row))


def _lines(rejects: Sequence[Any], row: Callable[[Any], list[str]]) -> bytes:
    return _written([row(reject) for reject in rejects])


def _of_table(columns: Sequence[str], reject: Any) -> list[str]:
    """Return a rejected row in the columns of its source; one that does not fit them as its cells, or its text."""
    _, _, reason, raw = reject
    cells = json.loads(raw)
    if isinstance(cells, dict):
        return [*(guarded(str(cells.get(column, ""))) for column in columns), reason]
    return [*(guarded(str(cell)) for cell in (cells if isinstance(cells, list) else [cells])), reason]


def _of_record(reject: Any) -> list[str]:
    _, line, reason, raw = reject
    content = json.loads(raw)
    return [str(line), guarded(content if isinstance(content, str) else raw), reason]


def _written(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _enqueue(executor: Executor, row_id: UUID, kind: str, options: Input) -> Job:
    """Have a job read the file of an import."""
    given = options.model_dump(mode="json", exclude_unset=True)
    job = job_queue.enqueue(executor, kind, {"import_id": str(row_id)} | given)
    executor.run(queries.READ_BY, {"import_id": row_id, "new_job": job.id})
    return job


def _lock_idle(executor: Executor, call: OperationRequest) -> tuple[UUID, UUID | None]:
    """Lock an import, and return its id and that of its last job.

    Errors: NotFound; Conflict while a job reads its file, or undoes it.
    """
    row = executor.first(queries.LOCK, {"import_id": call.parameters["id"]})
    if row is None or not may_see(call.principal, row[1]):
        raise row_not_found(queries.spec)
    ((is_read,),) = executor.all(queries.IS_READ, {"job": row[2]})
    if is_read:
        raise Conflict("A job is reading this file; wait for it, or cancel it.")
    return row[0], row[2]


def visible(executor: Executor, call: OperationRequest) -> Import:
    """Return the import of a request. Errors: NotFound, also for one that the principal may not see."""
    found: Import = Reader(executor, queries.spec).fetch("id", call.parameters["id"])
    if not may_see(call.principal, found.principal):
        raise row_not_found(queries.spec)
    return found


def _accepted(job: Job) -> OperationResult:
    return OperationResult(job, headers={"Location": f"/jobs/{job.id}"})


_ABOUT = "One's own; with jobs:manage, all. A file is kept for thirty days."

operations = [
    Operation(
        name="imports_list",
        method="GET",
        path="/imports",
        summary="List the files that were sent to be imported, a page at a time",
        description=f"{_ABOUT} The newest come first.",
        run=list_imports,
        unit="read",
        permission="catalogue:write",
        query=ImportList,
        response_schema=Page[Import],
    ),
    Operation(
        name="imports_create",
        method="POST",
        path="/imports",
        summary="Send a file to be imported",
        description="The file is the body, or the one file of a form; every format that `diptych import` reads,"
        " compressed or not. A job makes its preview; nothing is imported until it is started.",
        run=create,
        unit="write_one",
        needs_transaction=lambda _: True,
        stores_file=media_type_of,
        admits=check_nothing,
        accepts=(OCTETS, MULTIPART),
        query=ImportName,
        response_schema=Import,
        status=201,
        resource_path="/imports/{id}",
        problems=("storage-limit",),
    ),
    Operation(
        name="imports_get",
        method="GET",
        path="/imports/{id}",
        summary="Read one import: how its file is read, and what it would become",
        description=_ABOUT,
        run=read,
        unit="read",
        permission="catalogue:write",
        response_schema=Import,
    ),
    Operation(
        name="imports_delete",
        method="DELETE",
        path="/imports/{id}",
        summary="Delete one file, with its rejects",
        description="What was imported stays. 409 while a job reads it.",
        run=delete,
        unit="write_one",
        needs_transaction=lambda _: True,
        status=204,
    ),
    Operation(
        name="imports_preview",
        method="POST",
        path="/imports/{id}/preview",
        summary="Have the preview of a file made anew, with other options",
        description="409 while a job reads the file.",
        run=preview,
        unit="write_one",
        needs_transaction=lambda _: True,
        body=ReadingOptions,
        body_required=False,
        response_schema=Job,
        status=202,
    ),
    Operation(
        name="imports_start",
        method="POST",
        path="/imports/{id}/start",
        summary="Have a file imported",
        description="The options are not those of the preview: send them again. 409 while a job reads the file.",
        run=start,
        unit="write_one",
        needs_transaction=lambda _: True,
        body=ImportOptions,
        body_required=False,
        response_schema=Job,
        status=202,
    ),
    Operation(
        name="imports_undo",
        method="POST",
        path="/imports/{id}/undo",
        summary="Have an import undone",
        description="What it created is deleted, and what it changed becomes again what it was. Rows that were changed"
        " later, or are used by others, are left as they are: the job counts them. 409 while a job reads the file, and"
        " where its last job was no import.",
        run=undo,
        unit="write_one",
        needs_transaction=lambda _: True,
        permission="history:undo",
        response_schema=Job,
        status=202,
        problems=("conflict",),
    ),
    Operation(
        name="imports_list_rejects",
        method="GET",
        path="/imports/{id}/rejects.csv",
        summary="Read the rows that were rejected, with the reasons, as CSV",
        description="Those of a table are in its columns, to be mended and sent again; of others, the number of the"
        " record and its content.",
        run=list_rejects,
        unit="stream",
        permission="catalogue:write",
        response_schema=str,
        media_type="text/csv",
        cache_control="no-store",
    ),
]
