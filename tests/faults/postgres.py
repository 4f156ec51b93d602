"""A PostgreSQL that can be killed, frozen and started again, on the same port and files."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.support.deployments import free_port
from tests.support.postgresql import Programs, initialise
from tests.support.waiting import PATIENCE, until

CONTROL = "-c default_transaction_read_only=off -c application_name=control"
"""Connection options of the test: writes are allowed even if the server's default is read-only."""


class Postgres:
    """A server with PostgreSQL's defaults: it listens on TCP, and syncs to disk."""

    def __init__(self, directory: Path, programs: Programs) -> None:
        self.port = free_port()
        self._directory = directory
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None

    def get_uri(self, database: str = "postgres") -> str:
        """Return the URL of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> float:
        """Start it; return when it first accepted a connection (time.monotonic)."""
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(self._programs.directory / "postgres"),
                    *("-D", str(self._directory), "-h", "127.0.0.1", "-p", str(self.port), "-k", ""),
                    # Deadlocks are detected after a second by default, which the tests would have to wait.
                    *("-c", "deadlock_timeout=100ms"),
                ],
                cwd=self._directory,
                user=self._programs.user,
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

    @property
    def running(self) -> bool:
        """Whether it runs; a frozen one does."""
        return self._process is not None and self._process.poll() is None

    def standby(self, directory: Path) -> Postgres:
        """Make a streaming standby with its files in a new directory, and start it."""
        directory.mkdir(mode=0o700)
        if self._programs.user is not None:
            shutil.chown(directory, self._programs.user)
        source = f"host=127.0.0.1 port={self.port} user=postgres"
        subprocess.run(
            [
                str(self._programs.directory / "pg_basebackup"),
                *("-D", str(directory), "-d", source, "--write-recovery-conf", "--checkpoint=fast"),
            ],
            cwd=directory,
            user=self._programs.user,
            check=True,
        )
        found = Postgres(directory, self._programs)
        found.start()
        return found

    def wait_for_standby(self, *, synchronous: bool) -> None:
        """Have commits wait for the standby (`synchronous`) or not, and wait until it has caught up."""
        names = "*" if synchronous else ""
        with self.control("postgres") as connection:
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'".encode())
            connection.execute("SELECT pg_reload_conf()")
            state = "sync" if synchronous else "async"
            caught_up = (
                "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = %s"
                " AND replay_lsn >= pg_current_wal_flush_lsn()"
            )
            until(lambda: connection.execute(caught_up, [state]).fetchone())

    def promote(self) -> None:
        """Make this standby a primary, and wait until it is."""
        with self.control("postgres") as connection:
            assert connection.execute("SELECT pg_promote()").fetchone() == (True,)

    @contextlib.contextmanager
    def control(self, database: str) -> Iterator[psycopg.Connection[Any]]:
        """Open an autocommit connection for the test."""
        with psycopg.connect(self.get_uri(database), autocommit=True, options=CONTROL) as connection:
            yield connection

    def version(self) -> str:
        """Return its version."""
        with self.control("postgres") as connection:
            major, minor = divmod(connection.info.server_version, 10000)
        return f"{major}.{minor}"

    def _processes(self) -> list[psutil.Process]:
        assert self._process is not None
        postmaster = psutil.Process(self._process.pid)
        return [postmaster, *postmaster.children(recursive=True)]


@contextlib.contextmanager
def killable(directory: Path) -> Iterator[Postgres]:
    """Run a server with its files in a new directory."""
    server = Postgres(directory, initialise(directory))
    server.start()
    try:
        yield server
    finally:
        server.stop()
