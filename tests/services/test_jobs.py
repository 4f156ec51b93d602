"""The queue of jobs and its workers, on both twins: what is committed, what is not, and who has a job."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from pydantic import Field
from sqlalchemy import select, update

from diptych.core.attribution import Attribution, attributed_to
from diptych.core.catalogue.tags.model import Tag
from diptych.core.engine.entity import now
from diptych.core.engine.schemas.base import Input
from diptych.core.errors import Conflict, ServiceUnavailable
from diptych.core.history.model import Change
from diptych.core.jobs.model import Job
from diptych.core.jobs.rules import ABANDONED, ATTEMPTS, KEPT, SWEPT, UNEXPECTED, JobFailed, LeaseLost, Progress
from tests.services.api import Api
from tests.services.twins import Services, Twin, finished
from tests.support import before

BATCHES = 3

ANN = Attribution("1", "ann", "token", "asked")


class Tagging(Input):
    """What the tests' type of job needs to know: how many tags it makes, one in each batch."""

    tags: int = Field(BATCHES, ge=0)
    name: str = "tag"


async def nothing(_number: int) -> None:
    """Do nothing between two batches."""


class Jobs:
    """A twin's queue. before: called with the number of a batch in its transaction; between: awaited before that."""

    def __init__(self, twin: Twin, before: Callable[[int], Any] = lambda _: None) -> None:
        self.twin = twin
        self.queue = twin.module("job_queue")
        kind = twin.module("worker").JobType("tagging", Tagging, self._awaited if twin.name == "aio" else self._plain)
        self.types = {kind.name: kind}
        self.before = before
        self.between: Callable[[int], Coroutine[Any, Any, None]] = nothing

    async def _awaited(self, _database: Any, parameters: Tagging, progress: Progress) -> Any:
        for number in range(progress.position or 0, parameters.tags):

            async def step(session: Any, number: int = number) -> Progress:
                return self._done(session, number, parameters)

            await self.between(number)
            yield step

    def _plain(self, _database: Any, parameters: Tagging, progress: Progress) -> Any:
        for number in range(progress.position or 0, parameters.tags):
            finished(self.between(number))
            yield lambda session, number=number: self._done(session, number, parameters)

    def _done(self, session: Any, number: int, parameters: Tagging) -> Progress:
        self.before(number)
        session.add(Tag(name=f"{parameters.name} {number}"))
        return Progress(number + 1, number + 1, parameters.tags, {"tags": number + 1})

    def worker(self, **options: Any) -> Any:
        return self.twin.module("worker").Worker(self.twin.database, self.types, **options)

    async def waited(self, found: Any) -> Any:
        return await found if self.twin.name == "aio" else found

    async def write(self, work: Callable[[Any], Any]) -> Any:
        return await self.waited(self.twin.database.execute_write(work, in_transaction=True))

    async def enqueue(self, **parameters: Any) -> Any:
        with attributed_to(ANN):
            return await self.write(lambda executor: self.queue.enqueue(executor, "tagging", parameters))

    async def run(self, **options: Any) -> None:
        await self.waited(self.worker(**options).run(until_idle=True))

    async def take(self) -> tuple[Any, Any]:
        """Take the next job, and return it with its lease."""
        lease = uuid4()
        taken = await self.write(lambda executor: self.queue.take(executor, ["tagging"], lease, 30.0))
        return taken, lease

    async def set(self, **columns: Any) -> None:
        """Change all jobs."""

        async def work(services: Services) -> None:
            await services.session.execute(update(Job).values(**columns))

        await self.twin.write(work)

    async def all(self) -> list[Job]:
        async def work(services: Services) -> list[Job]:
            return [*(await services.session.execute(select(Job).order_by(Job.id))).scalars()]

        found: list[Job] = await self.twin.write(work)
        return found

    async def one(self) -> Job:
        (found,) = await self.all()
        return found

    async def tags(self) -> list[str]:
        async def work(services: Services) -> list[str]:
            return [*(await services.session.execute(select(Tag.name).order_by(Tag.name))).scalars()]

        found: list[str] = await self.twin.write(work)
        return found


@pytest.fixture
def jobs(twin: Twin) -> Jobs:
    return Jobs(twin)


async def test_a_job_is_done_in_batches_and_its_changes_are_those_of_whoever_asked_for_it(jobs: Jobs):
    made = await jobs.enqueue()
    assert (made.state, made.done, made.total, made.started_at) == ("queued", 0, None, None)

    await jobs.run()

    job = await jobs.one()
    assert (job.id, job.state, job.done, job.total, job.counts) == (made.id, "succeeded", 3, 3, {"tags": 3})
    assert job.lease is job.available_at is job.error is None
    assert made.created_at <= job.started_at <= job.finished_at  # type: ignore[operator]
    assert await jobs.tags() == ["tag 0", "tag 1", "tag 2"]

    async def work(services: Services) -> list[Any]:
        return [*(await services.session.execute(select(Change).where(Change.resource == "tag"))).scalars()]

    changes = await jobs.twin.write(work)
    assert [(each.principal, each.name, each.via, each.request_id) for each in changes] == [
        ("1", "ann", "token", "asked")
    ] * 3


async def test_a_request_that_is_rolled_back_leaves_no_job(jobs: Jobs):
    def fail(executor: Any) -> Any:
        async def enqueue_and_fail() -> None:
            await jobs.waited(jobs.queue.enqueue(executor, "tagging", {}))
            raise JobFailed("rolled back")

        def enqueue_and_fail_at_once() -> None:
            jobs.queue.enqueue(executor, "tagging", {})
            raise JobFailed("rolled back")

        return enqueue_and_fail() if jobs.twin.name == "aio" else enqueue_and_fail_at_once()

    with pytest.raises(JobFailed):
        await jobs.write(fail)

    assert await jobs.all() == []


async def test_a_job_that_a_worker_has_is_not_given_to_another_until_its_lease_ends(jobs: Jobs):
    made = await jobs.enqueue()
    taken, first = await jobs.take()
    assert (taken.id, (await jobs.take())[0]) == (made.id, None)

    await jobs.set(available_at=now() - timedelta(seconds=1))
    again, second = await jobs.take()

    assert (again.id, again.attempts) == (made.id, 2)
    kind = jobs.queue.HeldJob
    for lost in (
        kind.renew,
        kind.release,
        lambda held: held.advance(Progress()),
        lambda held: held.finish("succeeded"),
    ):
        with pytest.raises(LeaseLost):
            await jobs.write(lambda executor, lost=lost: lost(kind(executor, made.id, first, 30.0)))
    await jobs.write(lambda executor: kind(executor, made.id, second, 30.0).finish("succeeded"))
    assert (await jobs.one()).state == "succeeded"


async def test_a_worker_whose_job_was_taken_over_commits_no_more_of_it(jobs: Jobs):
    async def take_over(number: int) -> None:
        if number == 2:
            await jobs.set(lease=uuid4())

    jobs.between = take_over
    await jobs.enqueue()

    await jobs.run()

    job = await jobs.one()
    assert (job.state, job.position) == ("running", 2)
    assert await jobs.tags() == ["tag 0", "tag 1"]
    await jobs.set(available_at=now() - timedelta(seconds=1))
    await Jobs(jobs.twin).run()
    assert await jobs.tags() == ["tag 0", "tag 1", "tag 2"]


async def test_a_cancelled_job_is_not_gone_on_with(api: Api):
    jobs = Jobs(api.twin)
    made = await jobs.enqueue()
    await jobs.take()

    cancelled, _ = await api.call("jobs_cancel", id=str(made.id))
    again, _ = await api.call("jobs_cancel", id=str(made.id))

    assert cancelled.status == again.status == 200
    assert json.loads(cancelled.body) == json.loads(again.body)
    assert json.loads(cancelled.body)["state"] == "cancelled"
    await jobs.run()
    assert (await jobs.one()).state == "cancelled"
    assert await jobs.tags() == []


async def test_a_job_that_has_ended_cannot_be_cancelled(api: Api):
    jobs = Jobs(api.twin)
    made = await jobs.enqueue(tags=0)
    await jobs.run()

    refused, _ = await api.call("jobs_cancel", id=str(made.id))

    assert (refused.status, json.loads(refused.body)["detail"]) == (409, "This job has succeeded already.")


async def test_a_worker_that_is_to_end_completes_its_batch_and_returns_the_job(jobs: Jobs):
    await jobs.enqueue()
    stop: list[int] = []
    jobs.before = stop.append

    await jobs.run(stopping=lambda: bool(stop))

    job = await jobs.one()
    assert (job.state, job.lease, job.attempts, job.position) == ("queued", None, 0, 1)
    assert await jobs.tags() == ["tag 0"]
    await jobs.run()
    assert (await jobs.one()).state == "succeeded"
    assert await jobs.tags() == ["tag 0", "tag 1", "tag 2"]


async def test_a_job_that_is_interrupted_by_an_outage_is_tried_again_after_longer_and_longer_pauses(twin: Twin):
    def fail(_number: int) -> None:
        raise ServiceUnavailable("The storage is away.")

    jobs = Jobs(twin, fail)
    await jobs.enqueue()
    pauses = []
    for _ in range(ATTEMPTS):
        await jobs.run()
        job = await jobs.one()
        pauses.append(job.available_at)
        await jobs.set(available_at=now() - timedelta(seconds=1) if job.available_at else None)

    assert (job.state, job.error, job.attempts) == ("failed", "The storage is away.", ATTEMPTS)
    assert pauses[-1] is None
    assert all(each is not None for each in pauses[:-1])
    assert await jobs.tags() == []


async def test_what_a_job_fails_for_is_told_and_what_nobody_foresaw_is_not(twin: Twin):
    errors: list[Exception] = [JobFailed("The file is gone."), KeyError("a secret")]

    def fail(number: int) -> None:
        if number == 1:
            raise errors.pop(0)

    jobs = Jobs(twin, fail)
    await jobs.enqueue()
    await jobs.run()
    await jobs.enqueue(name="another")
    await jobs.run()

    first, second = await jobs.all()
    assert (first.state, first.error, first.done) == ("failed", "The file is gone.", 1)
    assert (second.state, second.error) == ("failed", UNEXPECTED)
    await jobs.enqueue(tags="many")
    await jobs.run()
    assert (await jobs.all())[-1].error == "Its parameters are not those of 'tagging'."


async def test_a_job_that_ends_its_worker_each_time_has_failed_after_some_attempts(jobs: Jobs):
    await jobs.enqueue()
    for _ in range(ATTEMPTS):
        await jobs.take()
        await jobs.set(available_at=now() - timedelta(seconds=1))

    await jobs.run()

    job = await jobs.one()
    assert (job.state, job.error) == ("failed", ABANDONED)


async def test_attempts_are_counted_from_the_last_batch(twin: Twin):
    def fail_at_the_last(number: int) -> None:
        if number == BATCHES - 1:
            raise ServiceUnavailable("for a moment")

    jobs = Jobs(twin, fail_at_the_last)
    await jobs.enqueue()
    await jobs.set(attempts=ATTEMPTS - 1)
    await jobs.run()

    job = await jobs.one()
    assert (job.state, job.attempts, job.done) == ("queued", 0, 2)


async def test_a_batch_for_which_another_writer_was_quicker_is_done_once_more(twin: Twin):
    lost: list[int] = []

    def lose_once(number: int) -> None:
        if number == 1 and not lost:
            lost.append(number)
            raise Conflict("another has it")

    jobs = Jobs(twin, lose_once)
    await jobs.enqueue()
    await jobs.run()

    assert lost == [1]
    assert (await jobs.one()).state == "succeeded"
    assert await jobs.tags() == ["tag 0", "tag 1", "tag 2"]


async def test_the_lease_is_renewed_while_a_batch_takes_long(jobs: Jobs):
    made = await jobs.enqueue()
    lease = uuid4()
    await jobs.write(lambda executor: jobs.queue.take(executor, ["tagging"], lease, 1.0))
    before = (await jobs.one()).available_at
    kind = jobs.queue.HeldJob

    await jobs.write(lambda executor: kind(executor, made.id, lease, 30.0).renew())

    after = (await jobs.one()).available_at
    assert before is not None
    assert after is not None
    assert after - before > timedelta(seconds=20)


async def test_types_that_a_worker_does_not_know_are_left_to_others(jobs: Jobs):
    await jobs.write(lambda executor: jobs.queue.enqueue(executor, "of the next release", {}))

    await jobs.run()

    assert (await jobs.one()).state == "queued"


async def test_the_job_that_waits_longest_comes_first(jobs: Jobs):
    made = [(await jobs.enqueue()).id for _ in range(3)]

    assert [(await jobs.take())[0].id for _ in range(3)] == made


async def test_jobs_that_ended_long_ago_are_deleted(jobs: Jobs):
    for _ in range(3):
        await jobs.enqueue(tags=0)
    await jobs.run()
    first, second, third = [job.id for job in await jobs.all()]

    async def work(services: Services) -> None:
        old = now() - KEPT - timedelta(seconds=1)
        await services.session.execute(update(Job).where(Job.id.in_([first, second])).values(finished_at=old))

    await jobs.twin.write(work)

    await jobs.run()

    assert [job.id for job in await jobs.all()] == [third]
    assert SWEPT > 2


async def test_the_metrics_tell_how_many_jobs_wait_and_since_when(api: Api):
    jobs = Jobs(api.twin)

    async def told() -> dict[str, float]:
        response, _ = await api.call("metrics_read")
        lines = [line.split() for line in response.body.decode().splitlines() if line.startswith("diptych_jobs")]
        return {name: float(value) for name, value in lines}

    queued, running = 'diptych_jobs{state="queued"}', 'diptych_jobs{state="running"}'
    assert await told() == {queued: 0, running: 0, "diptych_jobs_oldest_queued_seconds": 0}
    for _ in range(3):
        await jobs.enqueue()
    await jobs.take()
    await jobs.set(created_at=now() - timedelta(hours=1))

    found = await told()

    assert (found[queued], found[running]) == (2, 1)
    assert 3600 <= found["diptych_jobs_oldest_queued_seconds"] < 7200


async def test_the_metrics_are_answered_without_those_of_jobs_where_these_cannot_be_counted(api: Api):
    before.execute(api.twin.url, "ALTER TABLE job RENAME TO elsewhere")
    try:
        response, _ = await api.call("metrics_read")
    finally:
        before.execute(api.twin.url, "ALTER TABLE elsewhere RENAME TO job")

    assert response.status == 200
    assert b"diptych_requests_total" in response.body
    assert b"diptych_jobs" not in response.body


async def test_a_worker_does_its_chore_while_it_works_and_once_where_it_ends_when_idle(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(jobs.twin.module("worker"), "CHORE_INTERVAL", 0.01)
    done: list[bool] = []

    def plain(_database: Any, stopping: Callable[[], bool]) -> None:
        done.append(stopping())
        if len(done) == 2:
            raise ServiceUnavailable("The database is away.")

    async def awaited(database: Any, stopping: Callable[[], bool]) -> None:
        plain(database, stopping)

    chore = awaited if jobs.twin.name == "aio" else plain
    await jobs.waited(jobs.worker(chore=chore).run(until_idle=True))
    assert done == [False]
    await jobs.waited(jobs.worker(chore=chore, stopping=lambda: len(done) > 3).run())
    assert len(done) >= 4
    assert "the catalogue was not counted" in caplog.text
