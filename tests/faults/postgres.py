"""A PostgreSQL that can be killed, frozen and started again, on one port and the same files."""

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
"""How a test connects: it can end what it has begun, whatever it has done to the server."""


class Postgres:
    """A server with nothing made easy: it listens on TCP, and writes to disk as PostgreSQL does by default."""

    def __init__(self, directory: Path) -> None:
        programs = initialise(directory)
        self.port = free_port()
        self._directory = directory
        self._user = programs.user
        self._command = [
            str(programs.directory / "postgres"),
            *("-D", str(directory), "-h", "127.0.0.1", "-p", str(self.port), "-k", ""),
            # What waits for a deadlock to be seen waits a second by default, and the tests with it.
            *("-c", "deadlock_timeout=100ms"),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def get_uri(self, database: str = "postgres") -> str:
        """The URL of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> float:
        """Start it; when it was first there for a client (time.monotonic)."""
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
        """Kill it as a crash would: no process of it is left, and none had time to write anything."""
        assert self._process is not None
        # Frozen, it starts no process that would be missed.
        self._process.send_signal(signal.SIGSTOP)
        processes = self._processes()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(PATIENCE)
        psutil.wait_procs(processes, PATIENCE)

    def freeze(self) -> None:
        """Stop every process of it where it is: connections stay open, and nothing answers."""
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()

    def thaw(self) -> None:
        """Let them go on."""
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(PATIENCE)

    @contextlib.contextmanager
    def control(self, database: str) -> Iterator[psycopg.Connection[Any]]:
        """A connection of the test's own, each statement of it a transaction."""
        with psycopg.connect(self.get_uri(database), autocommit=True, options=CONTROL) as connection:
            yield connection

    def _processes(self) -> list[psutil.Process]:
        assert self._process is not None
        postmaster = psutil.Process(self._process.pid)
        return [postmaster, *postmaster.children(recursive=True)]


@contextlib.contextmanager
def killable(directory: Path) -> Iterator[Postgres]:
    """A running server whose files are in a new directory."""
    server = Postgres(directory)
    server.start()
    try:
        yield server
    finally:
        server.stop()
