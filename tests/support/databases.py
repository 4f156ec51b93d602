"""Fresh databases of both kinds, for tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from click.testing import CliRunner
from sqlalchemy import create_engine

from diptych.core.cli import Commands
from diptych.core.db.config import connection_string
from diptych.core.settings import Settings
from tests.support import rows, secrets
from tests.support.secrets import planted
from tests.support.shared import SharedRun
from tests.support.waiting import PATIENCE

ROOT = Path(__file__).resolve().parent.parent.parent
BACKENDS = ("sqlite", "postgresql")

LOCK_QUEUE = """SELECT 1 FROM pg_catalog.pg_locks AS waiting JOIN pg_catalog.pg_locks AS own USING (pid)
    WHERE NOT waiting.granted AND own.database = (
        SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()
    )"""
"""Asks PostgreSQL whether a client of this database waits for a lock; other databases belong to other tests.

Not pg_stat_activity: a transaction sees that as of its first access.
"""

DIPTYCH = [sys.executable, "-m", "diptych.core.cli"]


class Databases:
    """Creates empty databases: SQLite's in a directory, PostgreSQL's on the test server.

    run: the shared run, in which the template of the migrated databases is created once.
    """

    def __init__(self, server: Any, directory: Path, run: SharedRun | None = None) -> None:
        self._server = server
        self._directory = directory
        self._run = run or SharedRun(directory)

    def empty(self, backend: str) -> str:
        """Return the URL of a database without tables."""
        if backend == "sqlite":
            return f"sqlite:///{self._directory / _name()}.db"
        return self._created()

    def _created(self, options: str = "") -> str:
        name = _name()
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" {options}'.encode())
        return planted(str(self._server.get_uri(database=name)))

    def migrated(self, backend: str) -> str:
        """Return the URL of a database at the head: a copy, because a migration takes a second."""
        return self.copy(backend, "migrated", lambda: self._template(backend))

    def copy(self, backend: str, name: str, make: Callable[[], str]) -> str:
        """Return the URL of a copy of a database that is made once in a run.

        make: makes it, and returns its URL, when nothing is connected to it any more.
        """

        def kept() -> str:
            url = make()
            if backend == "sqlite":
                # The directory of this process is gone when it ends, before others do.
                return f"sqlite:///{shutil.copy(url.removeprefix('sqlite:///'), self._run.directory / f'{name}.db')}"
            return url

        template = self._run.once(f"{name}-{backend}", kept)
        if backend == "sqlite":
            copy = self.empty(backend)
            shutil.copy(template.removeprefix("sqlite:///"), copy.removeprefix("sqlite:///"))
            return copy
        return self._created(f'TEMPLATE "{psycopg.conninfo.conninfo_to_dict(template)["dbname"]}"')

    def _template(self, backend: str) -> str:
        url = self.empty(backend)
        group = Commands(Settings(database_url=url))
        # Tests of anything but access send no tokens.
        for arguments in (("database", "upgrade", "--no-prompt"), ("access", "anonymous", "editor")):
            done = CliRunner().invoke(group, arguments, catch_exceptions=False)
            assert done.exit_code == 0, done.output
        return url


def _name() -> str:
    return f"t{uuid.uuid4().hex[:12]}"


def tables(url: str) -> set[str]:
    """Return the names of a database's tables, without its internal ones."""
    engine = create_engine(connection_string(Settings(database_url=url)))
    try:
        with engine.connect() as connection:
            return rows.tables(connection)
    finally:
        engine.dispose()


def environment(**settings: str) -> dict[str, str]:
    """Return this process's environment without settings of the service, and with these."""
    # PYTHONDONTWRITEBYTECODE would make each of hundreds of processes compile all the code.
    ours = ("DIPTYCH_", "DATABASE_URL", "FLASK_PORT", "SANIC_PORT", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | settings


def run(
    command: list[str], *, check: bool = True, cwd: Path = ROOT, stdin: str | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; the error of a failure contains its output."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(**settings),
        input=stdin or "",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    secrets.check("a command's output", done.stdout, done.stderr)
    if check and done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done
