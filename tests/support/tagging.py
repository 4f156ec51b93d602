"""`diptych work` with a type of job of the tests: it makes tags, and may be killed or held up at any point.

KILL_AT names the point where the process kills itself, and HOLD_AT the one where it waits until the file HELD is gone,
as in POINTS. Both happen at batch BATCH.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session

from diptych.core.catalogue.tags.model import Tag
from diptych.core.cli.work import work_command
from diptych.core.engine.schemas.base import Input
from diptych.core.jobs.rules import Progress
from diptych.core.settings import settings_or_exit
from diptych.core.sync import worker
from diptych.core.sync.job_queue import enqueue
from diptych.core.sync.unit_of_work import Database

NAME = "tagging"

POINTS = ("taken", "begun", "written", "committing", "committed", "ended")
"""A job was taken; its batch has begun; has written; has checked the lease; was committed; the last one was."""

BATCH = 1


class Tagging(Input):
    """What the job needs to know. name: of its tags. batches: how many, with a tag in each."""

    name: str
    batches: int = 3


def add_jobs(database: Database, *names: str, batches: int = 3) -> None:
    """Ask for a job for each of these names."""
    for name in names:
        parameters = {"name": name, "batches": batches}
        database.execute_write(partial(enqueue, kind=NAME, parameters=parameters), in_transaction=True)


def reached(point: str, batch: int = BATCH) -> None:
    """Do what is to be done at a point."""
    if batch != BATCH:
        return
    if os.environ.get("KILL_AT") == point:
        os.kill(os.getpid(), signal.SIGKILL)
    if os.environ.get("HOLD_AT") == point:
        held = Path(os.environ["HELD"])
        held.touch()
        while held.exists():
            time.sleep(0.01)


def steps(_database: Database, parameters: Tagging, progress: Progress) -> Iterator[worker.Step]:
    """Yield a batch for each tag."""
    reached("taken", BATCH if progress.position is None else -1)
    for batch in range(progress.position or 0, parameters.batches):
        yield partial(_add, parameters, batch)
        reached("committed", batch)
    reached("ended")


def _add(parameters: Tagging, batch: int, session: Session) -> Progress:
    reached("begun", batch)
    session.add(Tag(name=f"{parameters.name} {batch}"))
    session.flush()
    reached("written", batch)
    session.info["batch"] = batch
    return Progress(batch + 1, batch + 1, parameters.batches, {"tags": batch + 1})


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    reached("committing", session.info.pop("batch", -1))


TYPES: Mapping[str, worker.JobType] = {NAME: worker.JobType(NAME, Tagging, steps)}


def work(*arguments: str) -> None:
    """Run `diptych work ...`."""
    work_command(settings_or_exit(os.environ), TYPES)(arguments)
