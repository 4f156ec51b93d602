"""The start of the Sanic deployment, and what its main process does for its workers until they are stopped."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from multiprocessing import Manager, resource_tracker
from multiprocessing.managers import SyncManager
from typing import Any

from sanic import Sanic
from sanic.mixins import startup
from sanic.worker.constants import ProcessState
from sanic.worker.manager import WorkerManager

from diptych.core.observability.multiprocess_dir import create_directory
from diptych.core.startup_checks import check_revision_or_exit
from diptych.sanic_app.http_protocol import GracefulSanic

RESTART_DELAY = 1.0
"""Seconds between two starts of workers that do not stay."""

START = WorkerManager.THRESHOLD / 10
"""Seconds that Sanic gives workers to become ready."""

TICK = 0.1

ENDED = (ProcessState.FAILED, ProcessState.COMPLETED)
"""The states of workers that were killed: outright, or by a signal that lets them finish."""

logger = logging.getLogger("diptych")


def _manager() -> SyncManager:
    """The process that knows the workers' states. It outlives them: an init's SIGTERM for all does not reach it."""
    # Starting this one, of Python's own, would have the signal let through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        return Manager()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# Sanic has no setting for it.
startup.Manager = _manager  # type: ignore[attr-defined]


class RevisionCheckedSanic(GracefulSanic):
    """The service, which is not started on a database that is behind. Its settings are in `ctx.settings`."""

    def prepare(self, *arguments: Any, **options: Any) -> None:
        # Sanic's main process does this before anything runs: a worker that ended would be started for ever.
        check_revision_or_exit(self.ctx.settings)
        if not options.get("single_process"):
            # For the workers: this process, which serves nothing then, has decided already to count for itself.
            create_directory()
        super().prepare(*arguments, **options)


def keep_workers(app: Sanic[Any, Any]) -> None:
    """Start workers again that were killed, and stop all when the main process is told, as gunicorn does.

    For the main process, when it is ready to start them. Sanic's own takes note of those that were killed, no more; and
    it stops them from within the handler of the signal, in the middle of whatever it is saying then to the process that
    knows their states: it takes one answer for another, and breaks or never ends (sanic-org/sanic#2997).
    """
    manager: Any = app.manager
    told = threading.Event()

    def stop(*_: Any) -> None:
        if manager._shutting_down:  # noqa: SLF001 - there is nothing public that says so
            # Told again. Sanic would kill the whole group of processes, this one and its parent among them.
            for worker in manager.processes:
                if worker.is_alive():
                    os.kill(worker.pid, signal.SIGKILL)
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    threading.Thread(target=_keep, args=(manager, told), name="diptych workers", daemon=True).start()


def _keep(manager: Any, told: threading.Event) -> None:
    pause, ready = TICK, False
    while not told.wait(pause):
        ready = ready or manager._all_workers_ack()  # noqa: SLF001 - as above
        # Not before all have been ready once: until then it is a start that failed, which ends the main process.
        failed = [process for process in manager.transient_processes if ready and process.state in ENDED]
        for process in failed:
            logger.error("worker %s ended with %s: starting another", process.pid, process.exitcode)
            manager.monitor_publisher.send(process.name)
        pause = RESTART_DELAY if failed else TICK
    logger.info("stopping the workers")
    # Before all are ready it does not listen to that. If they never are, it ends by itself.
    until = time.monotonic() + START
    while not (ready or manager._all_workers_ack()) and time.monotonic() < until:  # noqa: SLF001 - as above
        time.sleep(TICK)
    manager.monitor_publisher.send("__TERMINATE__")
