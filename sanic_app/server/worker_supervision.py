"""Start the Sanic deployment, and supervise its workers from the main process."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from multiprocessing import resource_tracker
from typing import Any

from sanic import Sanic
from sanic.worker.constants import ProcessState
from sanic.worker.manager import WorkerManager

from diptych.core.observability.multiprocess_dir import create_directory
from diptych.core.startup_checks import check_revision_or_exit
from diptych.sanic_app.server.graceful_stop import GracefulSanic

RESTART_DELAY = 1.0
"""Seconds between restarts of workers that fail."""

START = WorkerManager.THRESHOLD / 10
"""Seconds that Sanic gives workers to become ready."""

TICK = 0.1

ENDED = (ProcessState.FAILED, ProcessState.COMPLETED)
"""The states of killed workers: by SIGKILL, or by a signal that lets them finish."""

logger = logging.getLogger("diptych")


def _hold_sigterm() -> None:
    """Keep SIGTERM from this process and those that it starts from now on.

    One of them knows the workers' states, and has to outlive them: an init's SIGTERM for all is not to reach it.
    """
    # Starting this one, of Python's own, would have the signal let through again.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def release_sigterm(_app: Sanic[Any, Any]) -> None:
    """Let SIGTERM through to this process again. For the main process, once it has started the one that is spared."""
    told = signal.SIGTERM in signal.sigpending()
    if told:
        signal.sigwait({signal.SIGTERM})
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    if told:
        # Sanic ends that one, too, which the signal itself would not.
        raise SystemExit(0)


class RevisionCheckedSanic(GracefulSanic):
    """The service, which does not start on an outdated database. Its settings are in `ctx.settings`."""

    def prepare(self, *arguments: Any, **options: Any) -> None:
        # In Sanic's main process: workers that exit would be restarted for ever.
        check_revision_or_exit(self.ctx.settings)
        if not options.get("single_process"):
            # For the workers only: this process serves no requests, and has chosen private counters already.
            create_directory()
            _hold_sigterm()
        super().prepare(*arguments, **options)


def keep_workers(app: Sanic[Any, Any]) -> None:
    """Restart killed workers, and stop all workers when the main process is signalled, as gunicorn does.

    For the main process, once it can start workers. Sanic itself only records killed workers; and it stops workers
    within the signal handler, in the middle of an exchange with the process that keeps their states: that mixes up
    replies, and fails or never ends (sanic-org/sanic#2997).
    """
    manager: Any = app.manager
    stopping = threading.Event()

    def stop(*_: Any) -> None:
        if manager._shutting_down:  # noqa: SLF001 - there is nothing public that says so
            # The second signal. Sanic would kill the whole process group, including this process and its parent.
            for worker in manager.processes:
                if worker.is_alive():
                    os.kill(worker.pid, signal.SIGKILL)
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    threading.Thread(target=_keep, args=(manager, stopping), name="diptych workers", daemon=True).start()


def _keep(manager: Any, stopping: threading.Event) -> None:
    pause, ready = TICK, False
    while not stopping.wait(pause):
        ready = ready or manager._all_workers_ack()  # noqa: SLF001 - as above
        # Only after all workers were ready once: before, a failure fails the start and ends the main process.
        failed = [process for process in manager.transient_processes if ready and process.state in ENDED]
        for process in failed:
            logger.error("worker %s ended with %s: starting another", process.pid, process.exitcode)
            manager.monitor_publisher.send(process.name)
        pause = RESTART_DELAY if failed else TICK
    logger.info("stopping the workers")
    # Until all workers are ready Sanic ignores this message. If they never are, it ends by itself.
    until = time.monotonic() + START
    while not (ready or manager._all_workers_ack()) and time.monotonic() < until:  # noqa: SLF001 - as above
        time.sleep(TICK)
    manager.monitor_publisher.send("__TERMINATE__")
