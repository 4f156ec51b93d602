"""`work`: do the jobs that requests have put into the queue."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

import click

from diptych.core.cli.common import cli_errors, database_of
from diptych.core.cli.job_types import job_types_of, sweeps_of
from diptych.core.observability import json_logging
from diptych.core.settings import Settings
from diptych.core.startup_checks import StartState, check_revision, warn_of
from diptych.core.sync.counting import count_when_due
from diptych.core.sync.worker import JobType, Worker
from diptych.core.tuning.garbage_collection import freeze_gc


def work_command(settings: Settings, types: Mapping[str, JobType] | None = None) -> click.Command:
    """Return the command that does jobs until it is stopped. types: those that it does, unless it does all."""
    known = job_types_of(settings) if types is None else types

    @click.command("work")
    @click.option("--until-idle", is_flag=True, help="End when no job is waiting.")
    def command(until_idle: bool) -> None:  # noqa: FBT001 - click passes it by name
        """Do the jobs of the queue, one at a time, until SIGTERM: imports, exports, and looking into files of books.

        Beside that, count the catalogue about once a minute, for the numbers on its pages.

        Any number of workers may run, on any number of hosts. On SIGTERM the batch in progress is completed, and the
        job goes on where it was as soon as there is a worker.
        """
        stop = _Stop()
        with cli_errors(), stop:
            json_logging.begin(settings.log_level)
            # What anonymous clients may do is said by those who serve them.
            warn_of(StartState(files=check_revision(settings).files))
            freeze_gc()
            with database_of(settings) as database:
                sweeps = sweeps_of(settings)
                worker = Worker(database, known, stopping=stop.is_wanted, sweeps=sweeps, chore=count_when_due)
                worker.run(until_idle=until_idle)

    return command


class _Stop:
    """Whether SIGTERM or SIGINT has come during a block."""

    def __init__(self) -> None:
        self._wanted = False

    def is_wanted(self) -> bool:
        """Return whether one has come."""
        return self._wanted

    def __enter__(self) -> None:
        self._before = {number: signal.signal(number, self._want) for number in (signal.SIGTERM, signal.SIGINT)}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _want(self, *_: Any) -> None:
        self._wanted = True
