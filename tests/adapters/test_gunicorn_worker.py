"""The parts of our gunicorn worker that no client of the wire tests reaches."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from diptych.flask_app.server.connection import CONTINUE, Connection
from tests.support.databases import ROOT, Databases, environment
from tests.support.deployments import command
from tests.support.waiting import PATIENCE, until

ASKED = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"


def test_what_a_client_does_not_take_stays_in_order():
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    with ours, theirs:
        connection = Connection(ours, "", "", 100)
        connection.send(b"x" * 1_000_000)
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
