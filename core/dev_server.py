"""Run both adapters and a worker on this machine, for `make serve`."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from diptych.core.settings import Settings

HOST = "127.0.0.1"
WORKER = [sys.executable, "-m", "diptych.core.cli", "work"]
START_SECONDS = 30


class ServingError(Exception):
    """The servers cannot be started, or one has ended; the text is one line."""


def commands(settings: Settings) -> dict[str, tuple[int, list[str]]]:
    """Return the port and the command of each adapter."""
    python = [sys.executable, "-m"]
    return {
        "Flask under gunicorn": (
            settings.flask_port,
            [*python, "gunicorn", "-c", "python:diptych.flask_app.gunicorn_conf", "diptych.flask_app:create_app()"],
        ),
        "Sanic": (
            settings.sanic_port,
            [
                *python,
                "sanic",
                "diptych.sanic_app:create_app",
                "--factory",
                "--single-process",
                "--host",
                HOST,
                "--port",
                str(settings.sanic_port),
            ],
        ),
    }


def check_servers(settings: Settings) -> None:
    """Errors: ServingError when a server is not installed, or its port is in use."""
    for module, extra in (("gunicorn", "gunicorn"), ("flask", "gunicorn"), ("sanic", "sanic")):
        if importlib.util.find_spec(module) is None:
            raise ServingError(f"{module} is not installed here: pip install '.[{extra}]'")
    for name, (port, _) in commands(settings).items():
        _check_free(name, port)


@contextlib.contextmanager
def serving(settings: Settings, log: Path) -> Iterator[dict[str, str]]:
    """Run both adapters and a worker for the block; yield the URL of each adapter. Errors: ServingError."""
    started: dict[str, subprocess.Popen[bytes]] = {}
    wanted = commands(settings)
    with log.open("ab") as output:
        try:
            for name, command in [*((name, command) for name, (_, command) in wanted.items()), ("worker", WORKER)]:
                # A new session: Ctrl-C reaches only this process, which then stops each server gracefully.
                started[name] = subprocess.Popen(  # noqa: S603 - our own command
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
                )
            for name, (port, _) in wanted.items():
                _wait_until_ready(name, port, started[name], log)
            yield {name: f"http://{HOST}:{port}" for name, (port, _) in wanted.items()}
        finally:
            _stop(list(started.values()), settings.stop_timeout + 5)


def watch(log: Path, interval: float = 0.5) -> None:
    """Wait until a child ends. Errors: ServingError then."""
    while True:
        time.sleep(interval)
        with contextlib.suppress(ChildProcessError):
            if os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                raise ServingError(f"a server has ended; {log} says why")


def _check_free(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            variable = "SANIC_PORT" if name == "Sanic" else "FLASK_PORT"
            raise ServingError(
                f"port {port} for {name} is taken ({error.strerror}): choose another with {variable}"
            ) from None


def _wait_until_ready(name: str, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == http.client.OK:
                return
        connection.close()
        time.sleep(0.05)
    raise ServingError(f"{name} did not get ready; {log} says why")


def _stop(processes: list[subprocess.Popen[bytes]], seconds: int) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
