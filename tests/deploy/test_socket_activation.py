"""What passes between systemd and a server: a socket (LISTEN_FDS), and a message when the server has started."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import httpx
import pytest

from tests.deploy.examples import DEPLOY, unit
from tests.support import patient
from tests.support.databases import ROOT, Databases, environment
from tests.support.deployments import PATIENT, SETTLED, command, deployment, free_port, stop, wait_until_ready
from tests.support.waiting import PATIENCE, until
from tests.support.wire import Target

pytestmark = pytest.mark.long

AS_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3, inheritable=True)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Starts a program as systemd does: the socket is its descriptor 3, and LISTEN_PID its own process."""


@pytest.fixture
def kept() -> Iterator[socket.socket]:
    """Yield a listening socket that outlives a server, as one of a .socket unit does."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as found:
        yield found


@contextmanager
def given(kept: socket.socket, adapter: str, database: str, port: int, own: int | None = None) -> Iterator[str]:
    """Run an adapter that is given the socket; yield the URL of the socket when the server at `port` is ready.

    own: the port of its own configuration.
    """
    url = f"http://127.0.0.1:{kept.getsockname()[1]}"
    start = [sys.executable, "-c", AS_SYSTEMD, str(kept.fileno()), *command(adapter, own or port)]
    settings = {**PATIENT, "DATABASE_URL": database, "FLASK_PORT": str(own or port)}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            start, cwd=ROOT, env=environment(**settings), stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True, pass_fds=[kept.fileno()],
        )  # fmt: skip
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", process, log)
            time.sleep(SETTLED)
            yield url
        finally:
            stop(process, log)


class Clients:
    """Clients that read from a server over a new connection each time, without a pause."""

    def __init__(self, url: str) -> None:
        self.found: Counter[str] = Counter()
        self._url = url
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(4)]

    def _ask(self) -> None:
        while not self._over.is_set():
            try:
                self.found[str(patient.get(f"{self._url}/tags").status_code)] += 1
            except httpx.TransportError as error:
                self.found[repr(error)] += 1

    def go_on(self) -> None:
        """Wait until some more requests have ended."""
        before = self.found.total()
        until(lambda: self.found.total() > before + 20)

    def end(self) -> None:
        """Wait until no request is open any more."""
        self._over.set()
        for each in self._threads:
            each.join()

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def test_gunicorn_serves_the_socket_of_systemd_instead_of_its_own(kept: socket.socket, databases: Databases):
    own = free_port()

    with given(kept, "flask", databases.migrated("sqlite"), kept.getsockname()[1], own) as url:
        assert patient.get(f"{url}/tags").status_code == 200
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", own))


@pytest.mark.unsampled
def test_no_connection_is_refused_or_lost_while_gunicorn_is_restarted_behind_the_socket(
    kept: socket.socket, databases: Databases
):
    database, port = databases.migrated("postgresql"), kept.getsockname()[1]

    with Clients(f"http://127.0.0.1:{port}") as clients:
        with given(kept, "flask", database, port):
            clients.go_on()
        # There is no server now: connections wait for the next one.
        with given(kept, "flask", database, port):
            clients.go_on()
            # While they are answered.
            clients.end()

    assert clients.found.keys() == {"200"}


@pytest.mark.unsampled
def test_sanic_takes_no_socket_of_systemd(kept: socket.socket, databases: Databases):
    port = free_port()

    with given(kept, "sanic", databases.migrated("sqlite"), port) as url:
        target = Target.of(url)
        with socket.create_connection((target.host, target.port)):
            assert patient.get(f"http://127.0.0.1:{port}/tags").status_code == 200
            # The connection is still there to be accepted.
            assert select.select([kept], [], [], 0)[0] == [kept]
    assert not (DEPLOY / "systemd" / "diptych-sanic.socket").exists()


def test_gunicorn_tells_systemd_when_it_has_started(databases: Databases):
    with tempfile.TemporaryDirectory(dir="/tmp") as name, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"{name}/notify")
        systemd.settimeout(PATIENCE)
        with deployment("flask", databases.migrated("sqlite"), NOTIFY_SOCKET=f"{name}/notify"):
            assert b"READY=1" in systemd.recv(4096).splitlines()

    # systemd would end a service of this type that does not say so.
    assert unit("diptych-flask.service")["Type"] == ["notify"]
    assert unit("diptych-sanic.service")["Type"] == ["exec"]
