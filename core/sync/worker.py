# Generated from core/aio/worker.py by tools/unasync.py: do not edit, run "make twins".
"""A worker: it takes one job after the other, and does each in batches."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from diptych.core import deadline
from diptych.core.attribution import Attribution, attributed_to
from diptych.core.db._compat import sleep
from diptych.core.db.error_translation import one_line
from diptych.core.errors import CatalogueError, Conflict, ServiceUnavailable
from diptych.core.jobs.repeating import repeating
from diptych.core.jobs.rules import (
    ABANDONED,
    ATTEMPTS,
    LEASE,
    POLL,
    RENEWALS,
    SWEEP_INTERVAL,
    UNEXPECTED,
    JobFailed,
    LeaseLost,
    Progress,
    pause_before,
)
from diptych.core.jobs.schemas import TakenJob
from diptych.core.sync import job_queue
from diptych.core.sync.job_queue import HeldJob
from diptych.core.sync.statement_executor import Executor, executor_of
from diptych.core.sync.unit_of_work import Database

Step = Callable[[Session], Progress]
"""One batch of a job. Its changes and the progress that it returns are committed together, or neither is.

It may be called again, in a new transaction, when that of the first call was rolled back.
"""

Steps = Callable[[Database, Any, Progress], Generator[Step | None]]
"""Yields the batches that a job still has, from its database, its parameters and its progress. It holds no connection
between two batches. None is no batch: the worker only looks whether it is to end.

Errors: JobFailed and CatalogueErrors end the job with their text; ServiceUnavailable has it tried again later.
"""

Sweep = Callable[[Executor], int]
"""Deletes some rows that are not needed any more, in one transaction, and returns how many."""

Chore = Callable[[Database, Callable[[], bool]], object]
"""Does what is due beside the jobs, on a database, unless the worker is to end. Errors: of the database."""

CHORE_INTERVAL = 5.0
"""Seconds after which a worker looks whether a chore is due."""

_OUTAGES = (ServiceUnavailable, DBAPIError)

_log = logging.getLogger("diptych")


class JobType(Struct, frozen=True):
    """A type of job.

    name: stored with each. parameters: the schema of what it needs to know.
    """

    name: str
    parameters: type[BaseModel]
    steps: Steps


class Worker:
    """Takes jobs of these types from the queue of a database, and does them.

    stopping: whether it is to end; the batch in progress is still committed, and the job returned to the queue. lease:
    as in diptych.core.jobs.rules. sweeps: what it deletes once in a while. chore: what it does while it does jobs.
    """

    def __init__(  # noqa: PLR0913 - four of them are options
        self,
        database: Database,
        types: Mapping[str, JobType],
        *,
        stopping: Callable[[], bool] = lambda: False,
        lease: float = LEASE,
        sweeps: Sequence[Sweep] = (job_queue.sweep,),
        chore: Chore | None = None,
    ) -> None:
        self._database = database
        self._types = types
        self._stopping = stopping
        self._lease = lease
        self._sweeps = sweeps
        self._chore = chore
        self._swept: float | None = None
        self._is_out = False

    def run(self, *, until_idle: bool = False) -> None:
        """Do jobs until the worker is to end; `until_idle`, also until none can be taken. An outage is waited out."""
        if until_idle:
            self._run_jobs(until_idle=True)
            self._do_chore()
        else:
            with repeating(self._do_chore, CHORE_INTERVAL):
                self._run_jobs(until_idle=False)

    def _run_jobs(self, *, until_idle: bool) -> None:
        while not self._stopping():
            busy = False
            try:
                self._sweep()
                busy = self.run_next()
                self._is_out = False
            except _OUTAGES as error:
                self._tell_of_outage(error)
            else:
                if until_idle and not busy:
                    return
            if not busy:
                sleep(POLL)

    def run_next(self) -> bool:
        """Take a job and do it, as far as possible; return whether there was one. Errors: of the database."""
        types = list(self._types)
        if not self._database.read(partial(job_queue.is_due, types=types)):
            return False
        lease = uuid4()
        take = partial(job_queue.take, types=types, lease=lease, seconds=self._lease)
        job = self._database.execute_write(take, in_transaction=False)
        if job is None:
            return False
        attempt = _Attempt(self._database, self._types[job.type], job, lease, self._lease)
        try:
            with repeating(attempt.renew, self._lease / RENEWALS):
                attempt.run(self._stopping)
        except LeaseLost:
            _log.warning("%s was cancelled, or another worker has it", attempt)
        return True

    def _do_chore(self) -> bool:
        """Do the chore if it is due; return whether it is to be looked at again. What fails is tried again then."""
        if self._chore is None:
            return False
        try:
            self._chore(self._database, self._stopping)
        except (CatalogueError, DBAPIError) as error:
            if not self._is_out:
                _log.warning("the catalogue was not counted: %s", one_line(error))
        return not self._stopping()

    def _sweep(self) -> None:
        """Delete what ended long ago, once in a while."""
        moment = monotonic()
        if self._swept is not None and moment - self._swept < SWEEP_INTERVAL:
            return
        for sweep in self._sweeps:
            while self._database.execute_write(sweep, in_transaction=True):
                pass
        self._swept = moment

    def _tell_of_outage(self, error: CatalogueError | DBAPIError) -> None:
        if not self._is_out:
            _log.warning("no jobs can be taken now: %s", one_line(error))
        self._is_out = True


class _Attempt:
    """One attempt at a job: what a worker does with it while it holds a lease of so many seconds."""

    def __init__(self, database: Database, kind: JobType, job: TakenJob, lease: UUID, seconds: float) -> None:
        self._database = database
        self._kind = kind
        self._job = job
        self._lease = lease
        self._seconds = seconds
        self._attempts = job.attempts

    def __str__(self) -> str:
        return f"job {self._job.id} ({self._job.type})"

    def run(self, stopping: Callable[[], bool]) -> None:
        """Do the job, and end it or return it to the queue. Errors: LeaseLost; of the database."""
        began = monotonic()
        try:
            state = self._fail(ABANDONED) if self._attempts > ATTEMPTS else self._do(stopping)
        except _OUTAGES as error:
            state = self._put_off(error)
        except (CatalogueError, JobFailed) as error:
            state = self._fail(_told(error))
        except LeaseLost:
            raise
        except Exception:  # noqa: BLE001 - the last resort of a worker: logged with its trace, and the job has failed
            _log.exception("%s has an unexpected error", self)
            state = self._fail(UNEXPECTED)
        _log.info("%s %s after %.1f s", self, state, monotonic() - began)

    def renew(self) -> bool:
        """Renew the lease; return whether it still is this worker's. What fails is tried again at the next renewal."""
        try:
            with deadline.until(monotonic() + self._seconds / RENEWALS):
                self._write(HeldJob.renew)
        except LeaseLost:
            return False
        except (CatalogueError, DBAPIError) as error:
            _log.warning("the lease of %s was not renewed: %s", self, one_line(error))
        return True

    def _do(self, stopping: Callable[[], bool]) -> str:
        """Do the batches that the job still has, and return its state then. Errors: as `run`, and those of a batch."""
        job = self._job
        try:
            parameters = self._kind.parameters.model_validate(job.parameters)
        except ValidationError as error:
            raise JobFailed(f"Its parameters are not those of {job.type!r}.") from error
        progress = Progress(job.position, job.done, job.total, job.counts)
        with attributed_to(Attribution(job.principal, job.name, job.via, job.request_id)):
            with closing(self._kind.steps(self._database, parameters, progress)) as steps:
                for step in steps:
                    if step is not None:
                        self._do_batch(step)
                    if stopping():
                        self._write(HeldJob.release)
                        return "returned to the queue"
        self._write(lambda held: held.finish("succeeded"))
        return "succeeded"

    def _do_batch(self, step: Step) -> None:
        """Do one batch; once more, when another writer was quicker: a second attempt sees what that has stored."""
        try:
            self._database.run_in_transaction(partial(self._commit, step))
        except Conflict:
            self._database.run_in_transaction(partial(self._commit, step))
        self._attempts = 0

    def _commit(self, step: Step, session: Session) -> None:
        """Do one batch in the transaction of a session, the last statement of which checks the lease."""
        progress = step(session)
        session.flush()
        self._held(executor_of(session)).advance(progress)

    def _put_off(self, error: ServiceUnavailable | DBAPIError) -> str:
        """Return the job to the queue, to be tried again after a pause; end it after too many attempts."""
        _log.warning("%s cannot go on now: %s", self, one_line(error))
        if self._attempts >= ATTEMPTS:
            return self._fail(_told(error))
        pause = pause_before(max(self._attempts, 1))
        self._write(lambda held: held.release(self._attempts, pause))
        return f"put off for {pause:.0f} s"

    def _fail(self, reason: str) -> str:
        self._write(lambda held: held.finish("failed", reason))
        return "failed"

    def _write(self, work: Callable[[HeldJob], None]) -> None:
        """Do something with the job in a transaction of its own. Errors: LeaseLost."""

        def write(executor: Executor) -> None:
            work(self._held(executor))

        self._database.execute_write(write, in_transaction=False)

    def _held(self, executor: Executor) -> HeldJob:
        return HeldJob(executor, self._job.id, self._lease, self._seconds)


def _told(error: CatalogueError | JobFailed | DBAPIError) -> str:
    """Return what an error says to whoever asked for the job."""
    if isinstance(error, JobFailed):
        return error.detail
    if not isinstance(error, CatalogueError):
        return UNEXPECTED
    reasons = "; ".join(each.detail for each in error.field_errors)
    return f"{error.detail} {reasons}".rstrip()
