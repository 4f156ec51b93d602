"""The statements about exports and their files; all values are bind parameters."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, LargeBinary, Text, Uuid, bindparam, delete, func, insert, or_, select, tuple_

from diptych.core.engine.database_clock import seconds_from_now
from diptych.core.exports.model import ExportChunk, ExportFile
from diptych.core.exports.rules import EXPORT, FILES, SWEPT
from diptych.core.files.model import File
from diptych.core.jobs.model import Job

_JOB = bindparam("job", type_=Uuid)

UNFINISHED = select(func.count()).where(
    Job.type == EXPORT,
    Job.available_at.is_not(None),
    Job.principal.is_not_distinct_from(bindparam("owner", type_=Text)),
)
"""Count the exports of an `owner` that have not ended."""

ADD_FILE = insert(ExportFile).values(
    job_id=bindparam("job", type_=Uuid), sha256=bindparam("digest", type_=ExportFile.sha256.type)
)
"""Give a `job` the file with a `digest`, which is in the store."""

_CHUNKS = select(func.count()).where(ExportChunk.job_id == Job.id).scalar_subquery()

FILE = (
    select(Job.principal, Job.state, Job.parameters, Job.position, _CHUNKS, File.sha256, File.size)
    .outerjoin(ExportFile, ExportFile.job_id == Job.id)
    .outerjoin(File, File.sha256 == ExportFile.sha256)
    .where(Job.id == _JOB, Job.type == EXPORT)
)
"""Select whose an export is, its state, its parameters and its position; how many parts of its file the database has;
and the digest and the size of the one in the store, null where there is none.
"""

STORED = select(ExportFile.job_id).where(ExportFile.job_id == _JOB)
"""Select the `job` if its file is in the store."""

_PLACE, _PART = bindparam("place", type_=Integer), bindparam("part", type_=LargeBinary)

ADD_CHUNK = insert(ExportChunk).values(job_id=_JOB, number=_PLACE, content=_PART)

CHUNKS = select(ExportChunk.number).where(ExportChunk.job_id == _JOB).limit(SWEPT)
"""Select some parts of the file of a `job`, which are in the database."""

FORGET_CHUNKS = delete(ExportChunk).where(ExportChunk.job_id == _JOB, ExportChunk.number.in_(CHUNKS.correlate(None)))
"""Delete some parts of a file."""

CHUNK = select(ExportChunk.content).where(
    ExportChunk.job_id == _JOB, ExportChunk.number == bindparam("number", type_=Integer)
)

_newer = Job.__table__.alias()

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


def _unwanted(table: Any) -> Any:
    """Return the jobs of a table with files that are not kept any more."""
    rows = table.__table__.alias()
    return select(rows.c.job_id).join(Job, Job.id == rows.c.job_id).where(Job.finished_at.is_not(None), _UNWANTED)


_SOME = (
    select(ExportChunk.job_id, ExportChunk.number)
    .where(ExportChunk.job_id.in_(_unwanted(ExportChunk)))
    .limit(SWEPT)
    .correlate(None)
)

SWEEP = (
    delete(ExportFile).where(ExportFile.job_id.in_(_unwanted(ExportFile).limit(SWEPT))).returning(ExportFile.job_id),
    delete(ExportChunk).where(tuple_(ExportChunk.job_id, ExportChunk.number).in_(_SOME)).returning(ExportChunk.job_id),
)
"""Give up some files that are not kept any more, and delete some parts of those in the database.

These are of jobs that ended so many (negative) `seconds` from now, or earlier, of those that have not succeeded, and of
those after which their owner has FILES newer ones.
"""
