# Generated from core/aio/operations/pages/jobs.py by tools/unasync.py: do not edit, run "make twins".
"""The pages of jobs; diptych.core.sync.operations.jobs says who may see which."""

from __future__ import annotations

from diptych.core.engine.schemas.field_types import QueryFlag
from diptych.core.engine.schemas.pagination import Query
from diptych.core.http.operations import OperationRequest, OperationResult
from diptych.core.jobs import queries
from diptych.core.jobs.ownership import visible_to
from diptych.core.jobs.schemas import JobList
from diptych.core.sync.operations import jobs
from diptych.core.sync.operations.pages.page import button, html, page, see_other
from diptych.core.sync.services.row_reader import Reader
from diptych.core.sync.statement_executor import Executor
from diptych.core.web import jobs as views
from diptych.core.web.frame import frame_of


class FollowQuery(Query):
    """Whether the browser asks for a page again and again, while there is something new."""

    follow: QueryFlag = False


def show_jobs(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of the jobs that the visitor may see."""
    scope = call.query.scope() | visible_to(call.principal)
    found = Reader(executor, queries.spec).page(call.query, **scope)
    return html(views.jobs_page(frame_of("/ui/jobs", call.principal), call.query, found))


def show_job(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of a job. Errors: NotFound."""
    job = jobs.visible(executor, call)
    frame, followed = frame_of("/ui/job/{id}", call.principal), call.query.follow
    return html(views.job_page(frame, job, followed=followed), views.following(job, followed=followed))


def cancel(executor: Executor, call: OperationRequest) -> OperationResult:
    """Cancel a job. Errors: as the operation of the API."""
    jobs.cancel(executor, call)
    return see_other(f"ui/job/{call.parameters['id']}")


operations = [
    page("jobs", "/ui/jobs", show_jobs, query=JobList, permission="catalogue:write"),
    # Not stored: a page that is followed is asked for each few seconds.
    page("job", "/ui/job/{id}", show_job, query=FollowQuery, permission="catalogue:write", cache_control="no-store"),
    button("cancel_job", "/ui/job/{id}/cancel", cancel),
]
