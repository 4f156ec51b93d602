"""The start of the Sanic deployment, and of its workers that have to be started again."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from sanic import Sanic
from sanic.worker.constants import ProcessState
from sanic.worker.manager import WorkerManager

from core.observing.shared import share
from core.starting import check_revision_or_exit
from sanic_app.wire import Service

PACE = 1.0
"""Seconds between two starts of workers that do not stay."""

TICK = 0.1

logger = logging.getLogger("diptych")


class Checked(Service):
    """The service, which is not started on a database that is behind. Its settings are in `ctx.settings`."""

    def prepare(self, *arguments: Any, **options: Any) -> None:
        # Sanic's main process does this before anything runs: a worker that ended would be started for ever.
        check_revision_or_exit(self.ctx.settings)
        if not options.get("single_process"):
            # For the workers: this process, which serves nothing then, has decided already to count for itself.
            share()
        super().prepare(*arguments, **options)


def keep_workers(app: Sanic[Any, Any]) -> None:
    """Have workers that were killed started again, as gunicorn does: Sanic's main process takes note of them, no more.

    For the main process, when it is ready to start them.
    """
    threading.Thread(target=_keep, args=(app.manager,), name="diptych workers", daemon=True).start()


def _keep(manager: WorkerManager) -> None:
    while not manager._shutting_down:  # noqa: SLF001 - there is nothing public that says so
        # Not before all have been ready once: until then it is a start that failed, which ends the main process.
        failed = [process for process in manager.transient_processes if process.state is ProcessState.FAILED]
        for process in failed:
            logger.error("worker %s ended with %s: starting another", process.pid, process.exitcode)
            manager.monitor_publisher.send(process.name)
        time.sleep(PACE if failed else TICK)
