"""How jobs are listed, and the statements of their queue; all values are bind parameters."""

from __future__ import annotations

from typing import Any

from msgspec.structs import fields
from sqlalchemy import Integer, Text, Uuid, bindparam, delete, func, insert, or_, select, update

from diptych.core.engine.database_clock import current_time, seconds_from_now
from diptych.core.engine.resource_spec import ResourceSpec, any_of
from diptych.core.engine.row_statements import in_list
from diptych.core.jobs import schemas
from diptych.core.jobs.model import Job
from diptych.core.jobs.ownership import conditions_on
from diptych.core.jobs.rules import SWEPT

_SHOWN = [getattr(Job, each.name) for each in fields(schemas.Job)]
_TAKEN = [getattr(Job, each.name) for each in fields(schemas.TakenJob)]

_model: Any = Job


def represent(row: Any) -> schemas.Job:
    """Return the answer of a row of `spec`, or of a statement that returns such rows."""
    return schemas.Job(*row)


spec = ResourceSpec(
    model=_model,
    columns=tuple(each.key for each in _SHOWN),
    select=select(*_SHOWN),
    returning=_SHOWN,
    represent=represent,
    search_exactly=None,
    search_folded=None,
    order_by={"id": Job.id},
    filters={},
    scopes={
        "state_in": any_of(Job.state),
        "type_in": any_of(Job.type),
        "principal_in": any_of(Job.principal),
        **conditions_on(Job.principal),
    },
)

ENQUEUE = (
    insert(Job)
    .values(
        state="queued",
        attempts=0,
        done=0,
        counts={},
        available_at=current_time(),
        **{
            name: bindparam(name, type_=getattr(Job, name).type)
            for name in ("id", "type", "parameters", "principal", "name", "via", "request_id", "created_at")
        },
    )
    .returning(*_SHOWN)
)
"""Insert a job."""

_IS_DUE = (Job.available_at <= current_time(), in_list(Job.type, "types"))

DUE = select(Job.id).where(*_IS_DUE).limit(1)
"""Select the id of a job of these `types` that can be taken, if there is one."""

_FIRST = (
    select(Job.id)
    .where(*_IS_DUE)
    .order_by(Job.available_at, Job.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .correlate(None)
    .scalar_subquery()
)

TAKE = (
    update(Job)
    .where(Job.id == _FIRST)
    .values(
        state="running",
        lease=bindparam("new_lease", type_=Uuid),
        available_at=seconds_from_now("seconds"),
        attempts=Job.attempts + 1,
        started_at=func.coalesce(Job.started_at, current_time()),
    )
    .returning(*_TAKEN)
)
"""Give a worker the job of these `types` that waits longest, on `new_lease` for so many `seconds`, and return it.

Jobs that others are just taking are passed over. One whose lease has ended is taken over.
"""

_HELD = (Job.id == bindparam("job", type_=Uuid), Job.lease == bindparam("held", type_=Uuid))

RENEW = update(Job).where(*_HELD).values(available_at=seconds_from_now("seconds")).returning(Job.id)
"""Let the lease `held` of a `job` end so many `seconds` from now. No row is returned where it is not held any more."""

ADVANCE = (
    update(Job)
    .where(*_HELD)
    .values(
        available_at=seconds_from_now("seconds"),
        attempts=0,
        **{
            name: bindparam(f"new_{name}", type_=getattr(Job, name).type)
            for name in ("position", "done", "total", "counts")
        },
    )
    .returning(Job.id)
)
"""Store the progress of a batch, and renew the lease. No row is returned where it is not held any more."""

RELEASE = (
    update(Job)
    .where(*_HELD)
    .values(
        state="queued",
        lease=None,
        available_at=seconds_from_now("seconds"),
        attempts=bindparam("new_attempts", type_=Integer),
    )
    .returning(Job.id)
)
"""Return a job to the queue, from which it can be taken in so many `seconds`, after `new_attempts`."""

_ENDED = {"lease": None, "available_at": None, "finished_at": current_time()}

FINISH = (
    update(Job)
    .where(*_HELD)
    .values(state=bindparam("new_state", type_=Text), error=bindparam("new_error", type_=Text), **_ENDED)
    .returning(Job.id)
)
"""End a job in `new_state`."""

CANCEL = (
    update(Job)
    .where(Job.id == bindparam("job", type_=Uuid), Job.available_at.is_not(None))
    .values(state="cancelled", **_ENDED)
    .returning(*_SHOWN)
)
"""Cancel a job that has not ended; the worker that has it cannot commit any more."""

_OLD = (
    select(Job.id)
    .where(Job.finished_at <= seconds_from_now("seconds"))
    .order_by(Job.finished_at)
    .limit(SWEPT)
    .with_for_update(skip_locked=True)
    .correlate(None)
)

SWEEP = {
    # An array, because PostgreSQL may evaluate a locking subquery again for each row that it is compared with.
    "postgresql": delete(Job).where(Job.id == func.any(func.array(_OLD.scalar_subquery()))).returning(Job.id),
    "sqlite": delete(Job).where(Job.id.in_(_OLD)).returning(Job.id),
}
"""Delete some jobs that ended so many (negative) `seconds` from now, or earlier, by dialect name."""

COUNT = (
    select(Job.state, func.count(), func.min(Job.created_at)).where(Job.available_at.is_not(None)).group_by(Job.state)
)
"""Select the number of unfinished jobs in each state, and when the oldest was asked for."""

LAST_TAKEN = select(func.max(Job.started_at))
"""Select when a worker took a job last."""

REDACT = (
    update(Job)
    .where(
        Job.name.is_not(None),
        or_(Job.name == bindparam("account", type_=Text), Job.principal == bindparam("account", type_=Text)),
    )
    .values(name=None)
    .returning(Job.id)
)
"""Take the name out of the jobs of an `account`, which is given by its id or by its name then."""
