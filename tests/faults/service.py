"""A deployment with several worker processes, and which of them serves which client."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import signal
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from tests.support.deployments import command, free_port, server
from tests.support.waiting import PATIENCE, until

WORKERS = 2
THREADS = 6
POOL = 3
"""Connections of each worker's pool."""
POOL_TIMEOUT = 1
REQUEST_TIMEOUT = 3

SETTINGS = {
    "DIPTYCH_WORKERS": str(WORKERS),
    "DIPTYCH_THREADS": str(THREADS),
    "DIPTYCH_POOL_SIZE": str(POOL - 1),
    "DIPTYCH_POOL_OVERFLOW": "1",
    "DIPTYCH_POOL_TIMEOUT": str(POOL_TIMEOUT),
    "DIPTYCH_REQUEST_TIMEOUT": str(REQUEST_TIMEOUT),
}


@dataclass(frozen=True)
class Service:
    """A running deployment."""

    adapter: str
    port: int
    process: psutil.Process
    log: IO[str]

    def workers(self) -> list[psutil.Process]:
        """Return the worker processes, which have inherited the main process's socket."""
        main = _sockets(self.process)
        return [each for each in self.process.children(recursive=True) if _sockets(each) & main]

    def wait_for_workers(self) -> list[psutil.Process]:
        """Return the workers when all are running. Errors: AssertionError after PATIENCE."""
        return until(lambda: found if len(found := self.workers()) == WORKERS else [])

    def connected(self, number: int) -> list[list[http.client.HTTPConnection]]:
        """Open so many connections to each worker; return them by worker."""
        workers = self.wait_for_workers()
        found = []
        for worker in workers:
            with _held([each for each in workers if each != worker]):
                found.append([self._connection() for _ in range(number)])
        return found

    def _connection(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", "/health/live")
        connection.getresponse().read()
        return connection

    def told(self) -> str:
        """Return its log so far."""
        self.log.seek(0)
        return self.log.read()


@contextlib.contextmanager
def _held(processes: Sequence[psutil.Process]) -> Iterator[None]:
    """Stop these processes (SIGSTOP) for the block."""
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


def _sockets(process: psutil.Process) -> set[str]:
    """Return the inodes of a process's sockets. Linux only."""
    try:
        files = list(Path(f"/proc/{process.pid}/fd").iterdir())
        return {target for file in files if (target := str(file.readlink())).startswith("socket:")}
    except OSError:
        return set()  # the process has ended


@contextlib.contextmanager
def service(adapter: str, database_url: str, port: int | None = None, **settings: str) -> Iterator[Service]:
    """Run an adapter with several workers for the block. port: by default a free one. Errors: as `server`."""
    port = port or free_port()
    settings = {**SETTINGS, **settings, "DATABASE_URL": database_url, "FLASK_PORT": str(port)}
    line = command(adapter, port) + (["--workers", str(WORKERS)] if adapter == "sanic" else [])
    with (
        tempfile.TemporaryFile("w+") as log,
        server(line, f"http://127.0.0.1:{port}", log=log, **settings) as process,
    ):
        found = Service(adapter, port, psutil.Process(process.pid), log)
        # One worker is enough to be ready. Sanic must not be stopped before all are.
        for connection in itertools.chain(*found.connected(1)):
            connection.close()
        yield found
