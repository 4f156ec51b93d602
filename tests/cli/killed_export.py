"""Do the jobs of a database with a worker, and be killed in an export."""

from __future__ import annotations

from diptych.core.cli.job_types import job_types_of
from diptych.core.database import sync_config
from diptych.core.files.store import FileStore
from diptych.core.import_export import export_steps
from diptych.core.settings import Settings
from diptych.core.sync.job_queue import HeldJob
from diptych.core.sync.unit_of_work import Database
from diptych.core.sync.worker import Worker
from tests.services.killed_upload import die, then

STEPS = ("before a part is written", "when a part is committed", "before it is stored", "when it is stored",
         "before the commit", "after the commit", "when its parts are deleted")  # fmt: skip

PAGE = 10


def prepare(step: str) -> None:
    """Be killed in a step."""
    match STEPS.index(step):
        case 0:
            export_steps._add = die
        case 1:
            Database.run_in_transaction = then(Database.run_in_transaction, die)  # type: ignore[method-assign]
        case 2:
            FileStore.put = die  # type: ignore[method-assign,assignment]
        case 3:
            FileStore.put = then(FileStore.put, die)  # type: ignore[method-assign]
        case 4:
            export_steps._keep = then(export_steps._keep, die)
        case 5:
            export_steps._has_parts = die
        case 6:
            HeldJob.finish = die  # type: ignore[method-assign,assignment]


def do_jobs(url: str, location: str, step: str) -> None:
    """Do the jobs, and be killed in a step."""
    export_steps.PAGE = PAGE
    settings = Settings(database_url=url, files=location)
    prepare(step)
    Worker(Database(sync_config(settings)), job_types_of(settings)).run(until_idle=True)
