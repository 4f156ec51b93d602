# Generated from core/aio/operations/jobs.py by tools/unasync.py: do not edit, run "make twins".
"""Jobs: the account that asked for one sees it and may cancel it, and so may administrators."""

from __future__ import annotations

from diptych.core.engine.schemas.pagination import Page
from diptych.core.errors import Conflict
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.jobs import queries
from diptych.core.jobs.ownership import may_see, visible_to
from diptych.core.jobs.schemas import Job, JobList
from diptych.core.sync.services.row_reader import Reader, row_not_found
from diptych.core.sync.statement_executor import Executor


def list_jobs(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the jobs that the principal may see."""
    scope = call.query.scope() | visible_to(call.principal)
    return OperationResult(Reader(executor, queries.spec).page(call.query, **scope))


def read(executor: Executor, call: OperationRequest) -> OperationResult:
    """Read one job. Errors: NotFound."""
    return OperationResult(visible(executor, call))


def cancel(executor: Executor, call: OperationRequest) -> OperationResult:
    """Cancel one job. Errors: NotFound; Conflict where it has ended otherwise."""
    visible(executor, call)
    row = executor.first(queries.CANCEL, {"job": call.parameters["id"]})
    if row is not None:
        return OperationResult(queries.represent(row))
    found = visible(executor, call)
    if found.state != "cancelled":
        raise Conflict(f"This job has {found.state} already.")
    return OperationResult(found)


def visible(executor: Executor, call: OperationRequest) -> Job:
    """Return the job of a request. Errors: NotFound, also for one that the principal may not see."""
    found: Job = Reader(executor, queries.spec).fetch("id", call.parameters["id"])
    if not may_see(call.principal, found.principal):
        raise row_not_found(queries.spec)
    return found


_ABOUT = "One's own; with jobs:manage, all. What has ended is kept for thirty days."

operations = [
    Operation(
        name="jobs_list",
        method="GET",
        path="/jobs",
        summary="List jobs, a page at a time",
        description=f"{_ABOUT} The newest come first.",
        run=list_jobs,
        unit="read",
        permission="catalogue:read",
        query=JobList,
        response_schema=Page[Job],
    ),
    Operation(
        name="jobs_get",
        method="GET",
        path="/jobs/{id}",
        summary="Read one job: its state, and how far it is",
        description=_ABOUT,
        run=read,
        unit="read",
        permission="catalogue:read",
        response_schema=Job,
    ),
    Operation(
        name="jobs_cancel",
        method="POST",
        path="/jobs/{id}/cancel",
        summary="Cancel one job",
        description="What it has stored already stays. 409 where it has ended otherwise.",
        run=cancel,
        unit="write_one",
        needs_transaction=lambda _: True,
        response_schema=Job,
        problems=("conflict",),
    ),
]
