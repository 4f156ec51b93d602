"""The pages of jobs."""

from __future__ import annotations

from collections.abc import Sequence

from diptych.core.engine.schemas.pagination import Page
from diptych.core.jobs.rules import STATES
from diptych.core.jobs.schemas import Job, JobList
from diptych.core.web import templates
from diptych.core.web.entries import Action, Entry, EntryList, entry_list_page, pager, present, tabs_of
from diptych.core.web.frame import Frame
from diptych.core.web.values import moment_text
from diptych.core.web.wording import TEXTS, number_text, text

ADDRESS = "ui/jobs"

REFRESH = 5
"""Seconds after which a page that is followed is asked for again."""


def is_unfinished(job: Job | None) -> bool:
    """Return whether a job is waiting or being done."""
    return job is not None and job.state in ("queued", "running")


def following(job: Job | None, *, followed: bool) -> dict[str, str]:
    """Return the headers of a page that shows a job: it is asked for again, where the visitor has chosen that."""
    return {"Refresh": str(REFRESH)} if followed and is_unfinished(job) else {}


def jobs_page(frame: Frame, query: JobList, page: Page[Job]) -> bytes:
    """Return the page of a list of jobs."""
    return entry_list_page(
        frame,
        EntryList(
            heading=text("jobs.title"),
            about=text("jobs.about"),
            entries=[Entry(type_text(job.type), href(job), state_text(job), facts_of(job)) for job in page.items],
            empty=text("jobs.empty"),
            tabs=tabs_of(ADDRESS, "stateIn", [([each], text(f"job.{each}")) for each in STATES], query.state_in or ()),
            pager=pager(ADDRESS, query, page),
        ),
    )


def job_page(frame: Frame, job: Job, *, followed: bool) -> bytes:
    """Return the page of a job."""
    rows = [
        (text("job.asked"), moment_text(job.created_at)),
        (text("job.started"), moment_text(job.started_at)),
        (text("job.finished"), moment_text(job.finished_at)),
        (text("job.progress"), progress_text(job)),
        *((count_text(name), number_text(number)) for name, number in job.counts.items()),
    ]
    return templates.render(
        "job.html",
        frame,
        job=job,
        heading=type_text(job.type),
        state=state_text(job),
        rows=[row for row in rows if row[1]],
        import_id=job.parameters.get("import_id", ""),
        address=href(job),
        follow=follow_of(href(job), job, followed=followed),
        actions=cancelling(job),
    )


def follow_of(address: str, job: Job | None, *, followed: bool) -> tuple[str, str, str]:
    """Return what a page says of being asked for again: a text, and the label and the address of a link.

    All are empty for a job that has ended.
    """
    if not is_unfinished(job):
        return "", "", ""
    if followed:
        return text("job.followed", seconds=REFRESH), text("job.stop"), address
    return "", text("job.follow", seconds=REFRESH), f"{address}?follow=true"


def cancelling(job: Job | None) -> list[Action]:
    """Return the button that cancels a job; none for one that has ended."""
    return [Action(text("job.cancel"), f"{href(job)}/cancel")] if job is not None and is_unfinished(job) else []


def href(job: Job) -> str:
    """Return the address of a job's page, from the root of the mount."""
    return f"ui/job/{job.id}"


def type_text(name: str) -> str:
    """Return the type of a job; one of a later release by its name."""
    return text(f"job.type.{name}") if f"job.type.{name}" in TEXTS else name


def state_text(job: Job) -> str:
    """Return the state of a job."""
    return text(f"job.{job.state}")


def progress_text(job: Job) -> str:
    """Return how far a job is; empty where that is not known."""
    if job.total is None:
        return text("job.done", done=number_text(job.done)) if job.done else ""
    return text("job.done_of", done=number_text(job.done), total=number_text(job.total))


def count_text(name: str) -> str:
    """Return what a number of a job counts."""
    return text(f"job.count.{name}") if f"job.count.{name}" in TEXTS else name


def facts_of(job: Job) -> Sequence[str]:
    """Return the facts of a job in a list."""
    return present([moment_text(job.created_at), progress_text(job) if is_unfinished(job) else "", job.error or ""])
