# Generated from core/aio/operations/exports.py by tools/unasync.py: do not edit, run "make twins".
"""Exports: a job writes the books that match into a file, which can be read when it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from diptych.core.errors import Conflict, NotFound
from diptych.core.exports import queries
from diptych.core.exports.rules import EXPORT, GONE, UNFINISHED
from diptych.core.exports.schemas import ExportQuery
from diptych.core.formats.registry import format_named
from diptych.core.http import query_string
from diptych.core.http.file_responses import FileContent, disposition
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.jobs import queries as job_queries
from diptych.core.jobs.ownership import may_see, owner_of
from diptych.core.jobs.schemas import Job
from diptych.core.sync import job_queue
from diptych.core.sync.operations.book_formats import LISTS, writer_for
from diptych.core.sync.services.row_reader import row_not_found
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database


def create(executor: Executor, call: OperationRequest) -> OperationResult:
    """Have books exported. Errors: Conflict where too many exports wait; NotFound for a format without its library."""
    writer_for(format_named(call.query.format))
    row = executor.first(queries.UNFINISHED, {"owner": owner_of(call.principal)})
    if row is not None and row[0] >= UNFINISHED:
        raise Conflict(f"{UNFINISHED} exports are waiting already; wait for one of them, or cancel it.")
    filters, job_id = query_string.written(call.query, without=("format",)), uuid7()
    parameters = {"export_id": str(job_id), "format": call.query.format, "query": filters}
    job = job_queue.enqueue(executor, EXPORT, parameters, job_id)
    return OperationResult(job, headers={"Location": f"/jobs/{job.id}"})


def read_file(database: Database, call: OperationRequest) -> OperationResult:
    """Read the file of an export. Errors: NotFound; Conflict while it is being written."""

    def find(executor: Executor) -> Any:
        return executor.first(queries.FILE, {"job": call.parameters["id"]})

    row = database.read(find)
    if row is None or not may_see(call.principal, row[0]):
        raise row_not_found(job_queries.spec)
    _, state, parameters, position, chunks, digest, size = row
    if state in ("queued", "running"):
        raise Conflict(f"This export is {state}: its job says when there is a file.")
    if state != "succeeded":
        raise NotFound("There is no file: this export was not completed.")
    chosen = format_named(parameters["format"])
    name = f"books{chosen.suffixes[0]}"
    if digest is not None:
        return OperationResult(file=FileContent(digest, size, chosen.media_type, name, inline=False))
    # Releases up to revision 0012 have it in the database.
    if chunks != position[0]:
        raise NotFound(GONE)
    headers = {"Content-Disposition": disposition(name, inline=False)}
    parts = _parts(database, call.parameters["id"], chunks)
    return OperationResult(stream=parts, headers=headers, media_type=chosen.media_type)


def _parts(database: Database, job: UUID, number: int) -> Iterator[bytes]:
    """Yield the parts of a file in the database. Errors: NotFound for one that was deleted meanwhile."""

    def read(executor: Executor, place: int) -> Any:
        return executor.first(queries.CHUNK, {"job": job, "number": place})

    for place in range(number):
        row = database.read(partial(read, place=place))
        if row is None:
            raise NotFound(GONE)
        yield bytes(row[0])


operations = [
    Operation(
        name="exports_create",
        method="POST",
        path="/exports",
        summary="Have all books that match written into a file",
        description="With the filters of the streamed lists, such as GET /books.csv. A job writes the file, which is at"
        " /exports/{id}/file with the id of the job when that has succeeded. 409 where five are waiting already.",
        run=create,
        unit="write_one",
        needs_transaction=lambda _: True,
        permission="catalogue:read",
        query=ExportQuery,
        response_schema=Job,
        status=202,
        problems=("conflict",),
    ),
    Operation(
        name="exports_read_file",
        method="GET",
        path="/exports/{id}/file",
        summary="Read the file of an export",
        description="One's own; with jobs:manage, all. The five newest are kept, for seven days. 409 while it is being"
        " written. `Range` asks for a part (RFC 9110 section 14). The entity tag is the SHA-256 of the content.",
        run=read_file,
        unit="stream",
        sends_file=tuple(sorted({chosen.media_type for chosen in LISTS})),
        problems=("conflict", "range-not-satisfiable"),
    ),
]
