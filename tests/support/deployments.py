"""Running deployments of both adapters, started as an operator would start them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import httpx

from tests.support import patient, secrets
from tests.support.databases import ROOT, environment
from tests.support.waiting import PATIENCE

ADAPTERS = ("flask", "sanic")

SETTLED = 0.5
"""Seconds after which Sanic's manager can be stopped; sooner, it may never end (sanic-org/sanic#2997)."""


LIMITS = {"DIPTYCH_REQUEST_TIMEOUT": str(PATIENCE), "DIPTYCH_POOL_TIMEOUT": "60"}
"""Generous limits for a service whose limits are not tested, because the machine may be busy."""

PATIENT = {**LIMITS, "DIPTYCH_HOSTS": "*"}
"""The same, and any host: the previous release does not know that setting."""


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(adapter: str, port: int, python: str = sys.executable, *, manager: bool = True) -> list[str]:
    """Return the command in docs/running.md that starts an adapter.

    manager: Sanic's worker has a process above it. That takes twice the time, and makes no difference to answers.
    """
    if adapter == "flask":
        configuration = ["-c", "python:diptych.flask_app.gunicorn_conf"]
        return [python, "-m", "gunicorn", *configuration, "diptych.flask_app:create_app()"]
    alone = [] if manager else ["--single-process"]
    return [python, "-m", "sanic", "diptych.sanic_app:create_app", "--factory", "--port", str(port), *alone]


@contextlib.contextmanager
def deployment(
    adapter: str, database_url: str, *, manager: bool = False, log: IO[str] | None = None, **settings: str
) -> Iterator[str]:
    """Start an adapter on a database, yield its URL when it is ready, and stop it.

    manager: as `command`. log, errors: as `server`.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings |= {"DATABASE_URL": database_url, "FLASK_PORT": str(port)}
    with server(command(adapter, port, manager=manager), url, log=log, **settings):
        yield url


@contextlib.contextmanager
def server(
    command: list[str],
    catalogue: str,
    *,
    cwd: Path = ROOT,
    log: IO[str] | None = None,
    defaults: Mapping[str, str] = PATIENT,
    **settings: str,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server for the block, which begins when the catalogue at the URL `catalogue` is ready.

    log: a file of the caller's for the server's output. defaults: of the settings.

    Errors: AssertionError with the server's log when it does not get ready, or does not stop.
    """
    with contextlib.ExitStack() as stack:
        log = log or stack.enter_context(tempfile.TemporaryFile("w+"))
        process = subprocess.Popen(
            command, cwd=cwd, env=environment(**{**defaults, **settings}), stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            wait_until_ready(catalogue, process, log)
            ready = time.monotonic()
            yield process
            time.sleep(max(0.0, ready + SETTLED - time.monotonic()))
        finally:
            stop(process, log)
        log.seek(0)
        secrets.check_log(log.read())


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: IO[str]) -> None:
    """Wait until the deployment is ready."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if patient.get(f"{url}/health/ready").status_code == httpx.codes.OK:
                return
        time.sleep(0.05)
    log.seek(0)
    raise AssertionError(f"the deployment did not get ready:\n{log.read()}")


def stop(process: subprocess.Popen[bytes], log: IO[str]) -> None:
    """Stop the deployment; when that takes too long, kill what is left of it, and fail."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        log.seek(0)
        raise AssertionError(f"the deployment did not stop:\n{log.read()}") from None
