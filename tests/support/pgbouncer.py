"""A PgBouncer for the tests: Debian's defaults, but in transaction mode."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.support.deployments import free_port
from tests.support.programs import program
from tests.support.waiting import PATIENCE

PASSWORD = "bouncer"  # noqa: S105 - of a server on loopback, for a test


@contextlib.contextmanager
def pgbouncer(url: str, size: int) -> Iterator[str]:
    """Run a PgBouncer with a pool of `size` connections to the database at `url`, and yield its own URL."""
    server, port = make_url(url), free_port()
    sockets = str(server.query["host"])
    # It does not run as root, and PostgreSQL's socket is accessible only to its owner.
    user = ["-u", Path(sockets).owner()] if os.getuid() == 0 else []
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        directory = Path(name)
        directory.chmod(0o777)
        (directory / "userlist.txt").write_text(f'"{server.username}" "{PASSWORD}"\n', "utf-8")
        # Debian's file, except for the mode, addresses and sizes, and no timeout for queued clients.
        (directory / "pgbouncer.ini").write_text(
            f"[databases]\n* = host={sockets}\n[pgbouncer]\npool_mode = transaction\ndefault_pool_size = {size}\n"
            "query_wait_timeout = 0\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir = {name}\nauth_type = md5\n"
            f"auth_file = {name}/userlist.txt\nlogfile = {name}/log\npidfile = {name}/pid\n",
            "utf-8",
        )
        process = subprocess.Popen(
            [program("pgbouncer", "pgbouncer"), "-q", *user, f"{name}/pgbouncer.ini"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_until_listening(port, process, directory / "log")
            yield f"postgresql://{server.username}:{PASSWORD}@127.0.0.1:{port}/{server.database}"
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _wait_until_listening(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError(f"PgBouncer did not start:\n{log.read_text('utf-8') if log.exists() else ''}")
