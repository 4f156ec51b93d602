"""Deployments that are started when first used; both adapters of a database share it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import IO
from uuid import UUID

import pytest

from diptych.core.access.permissions import SCOPES
from diptych.core.attribution import Attribution, attributed_to
from diptych.core.cli.job_types import job_types_of
from diptych.core.database import sync_config
from diptych.core.settings import Settings
from diptych.core.sync.job_queue import enqueue
from diptych.core.sync.operations.sign_in import begin_session
from diptych.core.sync.services.passwords import store_password
from diptych.core.sync.unit_of_work import Database
from diptych.core.sync.worker import Worker
from tests.support import patient
from tests.support.commands import done
from tests.support.databases import ROOT, Databases
from tests.support.deployments import ADAPTERS, deployment, free_port, server
from tests.support.issuer import Issuer, running_issuer
from tests.support.waiting import until

HOSTS = ROOT / "tests" / "adapters" / "hosts"
"""Applications that mount the catalogue."""


class Hosts:
    """The deployments under test by name: "flask-sqlite", or the URL of a running one."""

    def __init__(self, request: pytest.FixtureRequest, stack: contextlib.ExitStack) -> None:
        self._request = request
        self._stack = stack
        self._urls: dict[str, str] = {}
        self._databases: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        self._logs: dict[str, IO[str]] = {}
        self._issuer: Issuer | None = None

    def url(self, host: str) -> str:
        """Return a deployment's URL."""
        if "://" in host:
            return host
        if host not in self._urls:
            adapter, backend = host.split("-")
            if backend not in self._databases:
                databases: Databases = self._request.getfixturevalue("databases")
                self._databases[backend] = databases.migrated(backend)
            log = self._logs[host] = self._stack.enter_context(tempfile.TemporaryFile("w+"))  # noqa: SIM115 - the stack closes it
            settings = {"DIPTYCH_FILES": self.files(backend), **self.issuer.settings}
            self._urls[host] = self._stack.enter_context(
                deployment(adapter, self._databases[backend], manager=True, log=log, **settings)
            )
        return self._urls[host]

    @property
    def issuer(self) -> Issuer:
        """The identity provider whose tokens the deployments take."""
        if self._issuer is None:
            self._issuer = self._stack.enter_context(running_issuer())
        return self._issuer

    def database(self, backend: str) -> str:
        """Return the database URL of a backend's deployments, of which at least one must run."""
        return self._databases[backend]

    def files(self, backend: str) -> str:
        """Return the directory with the files of a backend's deployments."""
        if backend not in self._files:
            self._files[backend] = self._stack.enter_context(tempfile.TemporaryDirectory())
        return self._files[backend]

    def administrator(self, url: str) -> str:
        """Return a token of an administrator, for the deployment at a URL: CONTRACT_TOKEN, or one that is made."""
        host = next((host for host, its in self._urls.items() if its == url), None)
        if host is None:
            return os.environ["CONTRACT_TOKEN"]
        backend = host.partition("-")[2]
        if backend not in self._tokens:
            database = self._databases[backend]
            done(database, "accounts", "create", "contract", "--role", "administrator")
            self._tokens[backend] = done(database, "tokens", "create", "contract", "--scope", " ".join(SCOPES)).strip()
        return self._tokens[backend]

    def signed_in(self, url: str, account_id: str, password: str = "") -> str:
        """Return the token of a new session of an account, of a deployment that was started here.

        password: that the account is to have.
        """
        host = next(host for host, its in self._urls.items() if its == url)
        with closing(self._database_of(host)) as database:
            if password:
                store_password(database, UUID(account_id), password)
            return database.execute_write(partial(begin_session, account_id=UUID(account_id)), in_transaction=True)

    def add_job(self, url: str, principal: str | None = None) -> str:
        """Have somebody ask for a job that no worker does, of a deployment that was started here; return its id."""
        host = next(host for host, its in self._urls.items() if its == url)
        who = Attribution(principal, None, "anonymous" if principal is None else "token")
        with attributed_to(who), closing(self._database_of(host)) as database:
            made = database.execute_write(partial(enqueue, kind="nothing", parameters={}), in_transaction=True)
        return str(made.id)

    def work(self, url: str) -> None:
        """Do all jobs that wait of the deployment at a URL, if it was started here, or wait until others have."""
        host = next((host for host, its in self._urls.items() if its == url), None)
        if host is not None:
            types = job_types_of(Settings(files=self._files[host.partition("-")[2]]))
            with closing(self._database_of(host)) as database:
                Worker(database, types).run(until_idle=True)
            return
        unfinished = "/jobs?stateIn=queued&stateIn=running"
        header = {"Authorization": f"Bearer {os.environ['CONTRACT_TOKEN']}"}
        until(lambda: not patient.get(f"{url}{unfinished}", headers=header).json()["items"])

    def _database_of(self, host: str) -> Database:
        return Database(sync_config(Settings(database_url=self._databases[host.partition("-")[2]])))

    def log(self, host: str) -> str:
        """Return a deployment's log so far."""
        self._logs[host].seek(0)
        return self._logs[host].read()


@contextlib.contextmanager
def running(request: pytest.FixtureRequest) -> Iterator[Hosts]:
    """Provide hosts that are stopped at the end."""
    with contextlib.ExitStack() as stack:
        yield Hosts(request, stack)


@contextlib.contextmanager
def mounted(database_url: str, directory: Path, limit: int, *, kind: str = "host") -> Iterator[dict[str, str]]:
    """Run both applications that mount the catalogue, on the same database; yield the address by adapter.

    directory: an empty one, for their code. limit: of a body, in bytes. kind: which of the applications in HOSTS,
    "host" or "team".
    """
    settings = {"DATABASE_URL": database_url, "DIPTYCH_MAX_BODY_BYTES": str(limit), "PYTHONPATH": str(ROOT)}
    ports = {adapter: free_port() for adapter in ADAPTERS}
    python = [sys.executable, "-m"]
    commands = {
        "flask": [*python, "gunicorn", "--bind", f"127.0.0.1:{ports['flask']}"],
        "sanic": [*python, "sanic", "--host", "127.0.0.1", "--port", str(ports["sanic"]), "--single-process"],
    }
    shutil.copy2(HOSTS / "gunicorn.conf.py", directory)
    with contextlib.ExitStack() as stack:
        for adapter, command in commands.items():
            shutil.copy2(HOSTS / f"{adapter}_{kind}.py", directory)
            catalogue = f"http://127.0.0.1:{ports[adapter]}/api/v1"
            stack.enter_context(server([*command, f"{adapter}_{kind}:app"], catalogue, cwd=directory, **settings))
        yield {adapter: f"http://127.0.0.1:{port}" for adapter, port in ports.items()}
