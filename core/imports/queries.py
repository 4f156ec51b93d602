"""How imports are listed, and the statements about their files; all values are bind parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import fields
from sqlalchemy import BigInteger, Integer, Text, Uuid, bindparam, delete, exists, insert, select, update

from diptych.core.engine.database_clock import seconds_from_now
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.imports import schemas
from diptych.core.imports.model import ImportChunk, ImportContent, ImportFile, ImportReject
from diptych.core.imports.rules import PAGE, SWEPT
from diptych.core.jobs.model import Job
from diptych.core.jobs.ownership import conditions_on
from diptych.core.jobs.schemas import Job as JobAnswer

_OWN = [getattr(ImportFile, each.name) for each in fields(schemas.Import) if each.name != "job"]
_JOB = [getattr(Job, each.name) for each in fields(JobAnswer)]
_NAMES = [each.key for each in _OWN]
_PREVIEW = _NAMES.index("preview")

_model: Any = ImportFile


def _represent(row: Sequence[Any]) -> schemas.Import:
    own, job = list(row[: len(_OWN)]), row[len(_OWN) :]
    if own[_PREVIEW] is not None:
        own[_PREVIEW] = msgspec.convert(own[_PREVIEW], schemas.Preview)
    return schemas.Import(**dict(zip(_NAMES, own, strict=True)), job=None if job[0] is None else JobAnswer(*job))


spec = ResourceSpec(
    model=_model,
    columns=tuple(_NAMES),
    select=select(*_OWN, *_JOB).join(Job, Job.id == ImportFile.job_id, isouter=True),
    returning=(),
    represent=_represent,
    search_exactly=None,
    search_folded=None,
    order_by={"id": ImportFile.id},
    filters={},
    scopes=conditions_on(ImportFile.principal),
)

_THIS = bindparam("import_id", type_=Uuid)

_NEW = ("id", "name", "size", "principal", "created_at")

ADD_FILE = insert(ImportFile).values(
    {name: bindparam(f"new_{name}", type_=getattr(ImportFile, name).type) for name in _NEW}
)

ADD_CONTENT = insert(ImportContent).values(import_id=_THIS, sha256=bindparam("digest", type_=Text))
"""Give an import the file with a `digest`, which is in the store."""

LOCK = select(ImportFile.id, ImportFile.principal, ImportFile.job_id).where(ImportFile.id == _THIS).with_for_update()
"""Lock an import."""

IS_READ = select(exists().where(Job.id == bindparam("job", type_=Uuid), Job.available_at.is_not(None)))
"""Select whether a job has not ended."""

LAST_JOB = select(Job.type, Job.request_id, Job.principal, Job.via, Job.parameters).where(
    Job.id == bindparam("job", type_=Uuid)
)
"""Select what a job was, and the request that asked for it."""

READ_BY = update(ImportFile).where(ImportFile.id == _THIS).values(job_id=bindparam("new_job", type_=Uuid))
"""Store the job that reads the file."""

RESET = update(ImportFile).where(ImportFile.id == _THIS).values(left_out=None)
FORGET_REJECTS = delete(ImportReject).where(ImportReject.import_id == _THIS)
DELETE = delete(ImportFile).where(ImportFile.id == _THIS)

FILE = (
    select(ImportFile.name, ImportFile.size, ImportContent.sha256)
    .outerjoin(ImportContent, ImportContent.import_id == ImportFile.id)
    .where(ImportFile.id == _THIS)
)
"""Select the name and the size of a file, and its digest, null where the store does not have it."""

CHUNK = select(ImportChunk.content).where(
    ImportChunk.import_id == _THIS, ImportChunk.number == bindparam("number", type_=Integer)
)

COLUMNS = select(ImportFile.columns).where(ImportFile.id == _THIS)

REJECTS = (
    select(ImportReject.number, ImportReject.line, ImportReject.reason, ImportReject.raw)
    .where(ImportReject.import_id == _THIS, ImportReject.number > bindparam("after", type_=BigInteger))
    .order_by(ImportReject.number)
    .limit(PAGE)
)
"""Select the rejects that follow the number `after`."""

_OLD = (
    select(ImportFile.id)
    .where(
        ImportFile.created_at <= seconds_from_now("seconds"),
        ~exists().where(Job.id == ImportFile.job_id, Job.available_at.is_not(None)),
    )
    .order_by(ImportFile.created_at)
    .limit(SWEPT)
    .correlate(None)
)

SWEEP = delete(ImportFile).where(ImportFile.id.in_(_OLD)).returning(ImportFile.id)
"""Delete some files that came so many (negative) `seconds` from now, or earlier, and are not being read."""
