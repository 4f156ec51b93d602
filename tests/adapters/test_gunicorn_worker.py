"""The parts of our gunicorn worker that no client of the wire tests reaches."""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil
import pytest

from diptych.core.http.buffers import buffers_of, spools_of
from diptych.core.http.transfers import BodyLimits
from diptych.core.http.wire.allowed_hosts import AllowedHosts
from diptych.core.settings import Settings
from diptych.flask_app.server.connection import CONTINUE, Connection, Limits
from tests.support.databases import ROOT, Databases, environment
from tests.support.deployments import command, free_port, stop, wait_until_ready
from tests.support.waiting import PATIENCE, until
from tests.support.wire import Target, connect

ASKED = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"


def test_what_a_client_does_not_take_stays_in_order():
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    with ours, theirs:
        buffers, spools = buffers_of(Settings()), spools_of(Settings())
        connection = Connection(ours, "", "", Limits(BodyLimits(100), AllowedHosts("*"), buffers, spools))
        connection.send(b"x" * 1_000_000, math.inf)
        assert not connection.flush()

        theirs.sendall(ASKED)
        connection.receive()
        assert not connection.read()
        theirs.sendall(b"{}")
        connection.receive()
        assert connection.read()

        found = b""
        while len(found) < 1_000_000 + len(CONTINUE):
            connection.flush()
            found += theirs.recv(65536)
        assert connection.flush()
        assert found == b"x" * 1_000_000 + CONTINUE


def test_a_unix_socket_is_served_like_any_other(databases: Databases, tmp_path: Path):
    path = tmp_path / "gunicorn.sock"
    start = [*command("flask", 0), "--bind", f"unix:{path}", "--workers", "1"]
    process = subprocess.Popen(
        start, cwd=ROOT, env=environment(DATABASE_URL=databases.migrated("sqlite")), stderr=subprocess.PIPE, text=True
    )
    try:
        for message, status in [
            (b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"200 OK"),
            (b"bad\r\n\r\n", b"400 Bad Request"),
            (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n", b"417 Expectation Failed"),
        ]:
            assert _answer(path, message).startswith(b"HTTP/1.1 " + status)
    finally:
        process.terminate()
        _, log = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in log


@contextmanager
def _started(
    databases: Databases, *options: str, program: tuple[str, ...] = ()
) -> Iterator[tuple[subprocess.Popen[str], Target, IO[str]]]:
    """Gunicorn's first process, where it is, and what it has written."""
    port = free_port()
    line = command("flask", port)
    line[: 3 if program else 0] = program
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*line, *options], cwd=ROOT, stdout=log, stderr=log, start_new_session=True, text=True,
            env=environment(DATABASE_URL=databases.migrated("sqlite"), FLASK_PORT=str(port)),
        )  # fmt: skip
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", process, log)
            yield process, Target("127.0.0.1", port, ""), log
        finally:
            stop(process, log)
        assert "Traceback" not in _written(log)


def _written(log: IO[str]) -> str:
    """Return what other processes have written to a file."""
    return os.pread(log.fileno(), 1 << 20, 0).decode()


@pytest.mark.unsampled
@pytest.mark.long
def test_workers_that_have_answered_their_share_are_replaced_and_every_request_is_answered(databases: Databases):
    with _started(databases, "--max-requests", "40") as (_, target, log), ThreadPoolExecutor(4) as pool:
        answers = Counter(pool.map(lambda _: _one(target), range(400)))
        assert "Autorestarting worker" in _written(log)

    assert answers == {b"HTTP/1.1 200 OK": 400}


@pytest.mark.unsampled
@pytest.mark.long
def test_connections_beyond_those_that_a_worker_takes_wait_for_their_turn(databases: Databases):
    with (
        _started(databases, "--workers", "1", "--worker-connections", "1") as (_, target, _),
        connect(target) as first,
        ThreadPoolExecutor(1) as pool,
    ):
        first.sendall(LIVE)
        assert first.recv(65536).startswith(b"HTTP/1.1 200 OK")
        begin = time.monotonic()
        other = pool.submit(_one, target)
        assert first.recv(1) == b""
        first.close()

        assert other.result() == b"HTTP/1.1 200 OK"
        assert time.monotonic() - begin > Settings().keepalive_timeout - 0.5


@pytest.mark.unsampled
@pytest.mark.long
def test_a_connection_is_kept_as_long_as_gunicorns_keepalive_says(databases: Databases):
    with _started(databases, "--keep-alive", "0") as (_, target, _), connect(target) as client:
        client.sendall(LIVE)
        assert b"\r\nConnection: close\r\n" in b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.unsampled
@pytest.mark.long
def test_a_master_that_has_started_another_stops_and_the_other_goes_on(databases: Databases):
    # gunicorn starts the other by the name that it was started by, and cannot where that was `python -m gunicorn`.
    script = str(Path(sys.executable).with_name("gunicorn"))
    with _started(databases, program=(script,)) as (process, target, _):
        process.send_signal(signal.SIGUSR2)
        other = psutil.Process(until(lambda: [each for each in _children(process.pid) if _children(each)])[0])
        process.terminate()
        assert process.wait(PATIENCE) == 0
        try:
            assert [_one(target) for _ in range(20)] == [b"HTTP/1.1 200 OK"] * 20
        finally:
            other.terminate()
            until(lambda: not other.is_running())


def _children(pid: int) -> list[int]:
    return [each.pid for each in psutil.Process(pid).children()]


LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"


def _one(target: Target) -> bytes:
    """Return the status line of an answer on a new connection."""
    with connect(target) as client:
        client.sendall(LIVE.replace(b"x\r\n", b"x\r\nConnection: close\r\n"))
        return b"".join(iter(lambda: client.recv(65536), b"")).partition(b"\r\n")[0]


def _answer(path: Path, message: bytes) -> bytes:
    with until(lambda: _connected(path)) as client:
        client.settimeout(PATIENCE)
        client.sendall(message)
        return b"".join(iter(lambda: client.recv(65536), b""))


def _connected(path: Path) -> socket.socket | None:
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(str(path))
    except OSError:
        client.close()
        return None
    return client
