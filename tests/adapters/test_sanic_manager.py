"""Sanic's main process ends when it is told to stop at any moment."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

import httpx
import psutil
import pytest

from tests.support import patient
from tests.support.databases import ROOT, Databases, environment
from tests.support.deployments import command, free_port, stop, wait_until_ready
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.long

Started = tuple[subprocess.Popen[bytes], str, IO[str]]


@pytest.fixture
def started(databases: Databases) -> Iterator[Started]:
    """Yield a starting deployment with two workers, its address and its log."""
    port = free_port()
    line = [*command("sanic", port), "--workers", "2"]
    settings = environment(DATABASE_URL=databases.migrated("sqlite"))
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            line, cwd=ROOT, env=settings, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield process, f"http://127.0.0.1:{port}", log
        finally:
            if process.poll() is None:
                stop(process, log)


def ended(process: subprocess.Popen[bytes], log: IO[str], *, status: tuple[int, ...] = (0,)) -> None:
    """Check that it ends cleanly. Errors: AssertionError."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE)
    log.seek(0)
    told = log.read()
    assert process.poll() in status, told
    # Killed before it handles signals, while it starts a worker, it or the worker keeps one end of a pipe.
    cut_short = len(re.findall("EOFError: Ran out of input|BrokenPipeError: ", told)) if process.returncode else 0
    assert told.count("Traceback") == cut_short
    assert told.count("Error") == cut_short


@pytest.mark.unsampled
def test_while_it_asks_for_the_states_of_its_workers(started: Started):
    process, url, log = started
    wait_until_ready(url, process, log)
    _ready(log, 2)
    # It has sent its request and waits for the reply.
    keeper = next(each for each in psutil.Process(process.pid).children() if _keeps(each))
    keeper.suspend()
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    keeper.resume()

    ended(process, log)


@pytest.mark.unsampled
def test_when_the_process_that_keeps_the_states_gets_the_signal_first(started: Started):
    process, url, log = started
    wait_until_ready(url, process, log)
    _ready(log, 2)
    # As an init that signals a whole group may do.
    next(each for each in psutil.Process(process.pid).children() if _keeps(each)).terminate()
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)

    ended(process, log)


@pytest.mark.unsampled
def test_again_which_kills_its_workers_and_no_other_process(started: Started):
    process, url, log = started
    wait_until_ready(url, process, log)
    _ready(log, 2)
    with patient.Client(base_url=url) as client:
        # A worker waits for another request on this connection.
        assert client.get("/health/live").status_code == 200
        process.send_signal(signal.SIGTERM)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)

        ended(process, log)
        with pytest.raises(httpx.TransportError):
            client.get("/health/live")


def _keeps(process: psutil.Process) -> bool:
    """Return whether it is the process that keeps the states: only that one has a Unix socket and no other."""
    return bool(process.net_connections("unix")) and not process.net_connections("inet")


@pytest.mark.unsampled
@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_while_its_workers_start(started: Started, seconds: float):
    process, url, log = started
    until(lambda: log.seek(0) or "Goin' Fast" in log.read())
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)

    # Before it handles signals, it ends at once.
    ended(process, log, status=(0, -signal.SIGTERM))
    with pytest.raises(httpx.ConnectError):
        patient.get(f"{url}/health/live")


def test_a_worker_that_gets_sigterm_is_replaced_and_the_stop_is_no_slower(started: Started):
    process, url, log = started
    wait_until_ready(url, process, log)
    _ready(log, 2)
    first = _workers(process)
    first[0].terminate()
    _ready(log, 3)
    assert len(set(_workers(process)) - set(first)) == 1
    assert patient.get(f"{url}/health/live").status_code == 200
    process.send_signal(signal.SIGTERM)

    ended(process, log)


def _ready(log: IO[str], count: int) -> None:
    """Wait until so many workers have become ready, including those that have ended."""
    until(lambda: log.seek(0) or log.read().count("Worker ready") >= count)


def _workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return [each for each in psutil.Process(process.pid).children() if _serves(each)]


def _serves(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return any(each.status == psutil.CONN_LISTEN for each in process.net_connections("inet"))
    return False
