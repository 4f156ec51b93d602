"""Deployments that are started when they are first asked for, both adapters of a database on the same one."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import IO

import pytest

from tests.support.databases import Databases
from tests.support.deployments import deployment


class Hosts:
    """The deployments under test, each by its name: "flask-sqlite", or the URL of one that runs already."""

    def __init__(self, request: pytest.FixtureRequest, stack: contextlib.ExitStack) -> None:
        self._request = request
        self._stack = stack
        self._urls: dict[str, str] = {}
        self._databases: dict[str, str] = {}
        self._logs: dict[str, IO[str]] = {}

    def url(self, host: str) -> str:
        """Where it listens."""
        if "://" in host:
            return host
        if host not in self._urls:
            adapter, backend = host.split("-")
            if backend not in self._databases:
                databases: Databases = self._request.getfixturevalue("databases")
                self._databases[backend] = databases.migrated(backend)
            log = self._logs[host] = self._stack.enter_context(tempfile.TemporaryFile("w+"))  # noqa: SIM115 - the stack closes it
            self._urls[host] = self._stack.enter_context(deployment(adapter, self._databases[backend], log=log))
        return self._urls[host]

    def log(self, host: str) -> str:
        """What it has written so far."""
        self._logs[host].seek(0)
        return self._logs[host].read()


@contextlib.contextmanager
def running(request: pytest.FixtureRequest) -> Iterator[Hosts]:
    """Hosts that are stopped in the end."""
    with contextlib.ExitStack() as stack:
        yield Hosts(request, stack)
