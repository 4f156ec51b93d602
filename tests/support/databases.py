"""Fresh databases of both kinds, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent
BACKENDS = ("sqlite", "postgresql")


class Databases:
    """Makes empty databases; PostgreSQL's come from one server that was started for these tests alone."""

    def __init__(self, server: Any, directory: Path) -> None:
        self._server = server
        self._directory = directory

    def empty(self, backend: str) -> str:
        """The URL of a database without tables."""
        name = f"t{uuid.uuid4().hex[:12]}"
        if backend == "sqlite":
            return f"sqlite:///{self._directory / name}.db"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return str(self._server.get_uri(database=name))

    def migrated(self, backend: str) -> str:
        """The URL of a database at the newest revision."""
        url = self.empty(backend)
        run([sys.executable, "-m", "core.cli", "database", "upgrade", "--no-prompt"], DATABASE_URL=url)
        return url


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without settings of the service's own, and with these."""
    ours = ("DIPTYCH_", "DATABASE_URL", "FLASK_PORT", "SANIC_PORT")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | settings


def run(
    command: list[str], *, check: bool = True, cwd: Path = ROOT, stdin: str | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; its output is in the error when it fails."""
    done = subprocess.run(
        command, cwd=cwd, env=environment(**settings), input=stdin or "", capture_output=True, text=True, timeout=120
    )
    if check and done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done
