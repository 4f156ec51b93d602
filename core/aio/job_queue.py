"""The queue of jobs: requests put them into it, and workers take them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from diptych.core import attribution
from diptych.core.aio.statement_executor import Executor
from diptych.core.engine.entity import now
from diptych.core.jobs import queries
from diptych.core.jobs.rules import KEPT, LeaseLost, Progress
from diptych.core.jobs.schemas import Job, TakenJob, UnfinishedJobs


async def enqueue(executor: Executor, kind: str, parameters: Mapping[str, Any], job_id: UUID | None = None) -> Job:
    """Put a job into the queue, in the transaction of the request that asks for it: it exists once that is committed.

    kind: the name of its type. parameters: as JSON. job_id: where they contain it.
    """
    who = attribution.current()
    given = (
        {"principal": None, "name": None, "via": attribution.UNKNOWN, "request_id": None}
        if who is None
        else who.values()
    )
    values = {"id": job_id or uuid7(), "type": kind, "parameters": dict(parameters), "created_at": now(), **given}
    return queries.represent(await executor.first(queries.ENQUEUE, values))


async def count_unfinished(executor: Executor) -> UnfinishedJobs:
    """Return how many jobs wait and how many are being done."""
    found = {state: (number, oldest) for state, number, oldest in await executor.all(queries.COUNT, {})}
    queued, oldest = found.get("queued", (0, None))
    running, _ = found.get("running", (0, None))
    return UnfinishedJobs(queued, running, oldest)


async def is_due(executor: Executor, types: Sequence[str]) -> bool:
    """Return whether a job of these types can be taken."""
    return await executor.first(queries.DUE, {"types": list(types)}) is not None


async def take(executor: Executor, types: Sequence[str], lease: UUID, seconds: float) -> TakenJob | None:
    """Take the job of these types that waits longest, for so many seconds; None where there is none."""
    row = await executor.first(queries.TAKE, {"types": list(types), "new_lease": lease, "seconds": seconds})
    return None if row is None else TakenJob(*row)


async def sweep(executor: Executor) -> int:
    """Delete some of the jobs that ended long ago, and return how many."""
    statement = queries.SWEEP[executor.dialect.name]
    return len(await executor.all(statement, {"seconds": -KEPT.total_seconds()}))


class HeldJob:
    """A job that a worker has on a lease of so many seconds. Each method is a statement of one unit of work.

    Errors of all: LeaseLost, where it is no longer this worker's.
    """

    def __init__(self, executor: Executor, job: UUID, lease: UUID, seconds: float) -> None:
        self._executor = executor
        self._held = {"job": job, "held": lease}
        self._seconds = seconds

    async def renew(self) -> None:
        """Begin the time of the lease anew."""
        await self._run(queries.RENEW, seconds=self._seconds)

    async def advance(self, progress: Progress) -> None:
        """Store the progress of a batch. Attempts are counted from it on."""
        values = {f"new_{name}": getattr(progress, name) for name in progress.__struct_fields__}
        await self._run(queries.ADVANCE, seconds=self._seconds, **values)

    async def release(self, attempts: int = 0, pause: float = 0.0) -> None:
        """Return the job to the queue, for a pause in seconds. attempts: how many there were since the last batch."""
        await self._run(queries.RELEASE, seconds=pause, new_attempts=attempts)

    async def finish(self, state: str, error: str | None = None) -> None:
        """End the job."""
        await self._run(queries.FINISH, new_state=state, new_error=error)

    async def _run(self, statement: Any, **values: Any) -> None:
        if await self._executor.first(statement, self._held | values) is None:
            raise LeaseLost
