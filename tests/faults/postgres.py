"""A PostgreSQL that can be killed, frozen and started again, on the same port and files."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.support.deployments import free_port
from tests.support.postgresql import initialise
from tests.support.waiting import PATIENCE

CONTROL = "-c default_transaction_read_only=off -c application_name=control"
"""Connection options of the test: writes are allowed even if the server's default is read-only."""


class Postgres:
    """A server with PostgreSQL's defaults: it listens on TCP, and syncs to disk."""

    def __init__(self, directory: Path) -> None:
        programs = initialise(directory)
        self.port = free_port()
        self._directory = directory
        self._user = programs.user
        self._command = [
            str(programs.directory / "postgres"),
            *("-D", str(directory), "-h", "127.0.0.1", "-p", str(self.port), "-k", ""),
            # Deadlocks are detected after a second by default, which the tests would have to wait.
            *("-c", "deadlock_timeout=100ms"),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def get_uri(self, database: str = "postgres") -> str:
        """Return the URL of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> float:
        """Start it; return when it first accepted a connection (time.monotonic)."""
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._directory,
                user=self._user,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.get_uri()):
                return time.monotonic()
            time.sleep(0.005)
        raise AssertionError(f"PostgreSQL did not start:\n{(self._directory / 'log').read_text('utf-8')}")

    def kill(self) -> None:
        """Kill all its processes at once, as a crash would."""
        assert self._process is not None
        # Stopped first, so that it cannot start a process that would survive.
        self._process.send_signal(signal.SIGSTOP)
        processes = self._processes()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(PATIENCE)
        psutil.wait_procs(processes, PATIENCE)

    def freeze(self) -> None:
        """Stop every process with SIGSTOP: connections stay open, and nothing responds."""
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()

    def thaw(self) -> None:
        """Continue the stopped processes."""
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    def stop(self) -> None:
        """Shut it down, and wait until it has ended."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(PATIENCE)

    @contextlib.contextmanager
    def control(self, database: str) -> Iterator[psycopg.Connection[Any]]:
        """Open an autocommit connection for the test."""
        with psycopg.connect(self.get_uri(database), autocommit=True, options=CONTROL) as connection:
            yield connection

    def _processes(self) -> list[psutil.Process]:
        assert self._process is not None
        postmaster = psutil.Process(self._process.pid)
        return [postmaster, *postmaster.children(recursive=True)]


@contextlib.contextmanager
def killable(directory: Path) -> Iterator[Postgres]:
    """Run a server with its files in a new directory."""
    server = Postgres(directory)
    server.start()
    try:
        yield server
    finally:
        server.stop()
