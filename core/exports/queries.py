"""The statements about exports and their files; all values are bind parameters."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, Text, Uuid, bindparam, delete, func, insert, or_, select, tuple_

from diptych.core.engine.database_clock import seconds_from_now
from diptych.core.exports.model import ExportChunk
from diptych.core.exports.rules import EXPORT, FILES, SWEPT
from diptych.core.jobs.model import Job

_JOB = bindparam("job", type_=Uuid)

UNFINISHED = select(func.count()).where(
    Job.type == EXPORT,
    Job.available_at.is_not(None),
    Job.principal.is_not_distinct_from(bindparam("owner", type_=Text)),
)
"""Count the exports of an `owner` that have not ended."""

ADD_CHUNK = insert(ExportChunk)

_CHUNKS = select(func.count()).where(ExportChunk.job_id == Job.id).scalar_subquery()

FILE = select(Job.principal, Job.state, Job.parameters, Job.position, _CHUNKS).where(Job.id == _JOB, Job.type == EXPORT)
"""Select whose an export is, its state, its parameters, its position, and how many parts of its file are kept."""

CHUNK = select(ExportChunk.content).where(
    ExportChunk.job_id == _JOB, ExportChunk.number == bindparam("number", type_=Integer)
)

_newer = Job.__table__.alias()
_first: Any = ExportChunk.__table__.alias()

_NEWER = (
    select(func.count())
    .select_from(_newer)
    .where(
        _newer.c.type == EXPORT,
        _newer.c.state == "succeeded",
        _newer.c.id > Job.id,
        _newer.c.principal.is_not_distinct_from(Job.principal),
    )
    .scalar_subquery()
)

_UNWANTED = or_(Job.state.in_(("failed", "cancelled")), Job.finished_at <= seconds_from_now("seconds"), _NEWER >= FILES)

_SOME = (
    select(ExportChunk.job_id, ExportChunk.number)
    .where(
        ExportChunk.job_id.in_(
            select(_first.c.job_id).join(Job, Job.id == _first.c.job_id).where(Job.finished_at.is_not(None), _UNWANTED)
        )
    )
    .limit(SWEPT)
    .correlate(None)
)

SWEEP = (
    delete(ExportChunk).where(tuple_(ExportChunk.job_id, ExportChunk.number).in_(_SOME)).returning(ExportChunk.job_id)
)
"""Delete some parts of files that are not kept any more.

These are of jobs that ended so many (negative) `seconds` from now, or earlier, of those that have not succeeded, and of
those after which their owner has FILES newer ones.
"""
