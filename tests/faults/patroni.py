"""Two nodes of Patroni, and etcd, with docs/patroni.yml. A machine without these programs skips the test."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.databases import ROOT
from tests.support.deployments import free_port
from tests.support.postgresql import Programs, initialise
from tests.support.waiting import PATIENCE, until

PASSWORD = "secret"  # noqa: S105 - the test's own


def installed(name: str) -> str:
    """Return the path of a program, or skip the test: no machine needs Patroni, not even where CI is set."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} in PATH (patroni[etcd3] and psycopg of Python, etcd-server of Debian)")
    return found


@dataclass
class Node:
    """One host of the cluster: Patroni and the PostgreSQL that it runs."""

    name: str
    port: int
    rest: int
    directory: Path
    process: subprocess.Popen[bytes]

    def answers(self, path: str) -> bool:
        """Return whether Patroni's health check at a path succeeds."""
        assert self.process.poll() is None, (self.directory / "log").read_text("utf-8")
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{self.rest}/{path}", timeout=PATIENCE).status_code == httpx.codes.OK
        return False

    def kill(self) -> None:
        """Kill Patroni and PostgreSQL at once, as the loss of the host would."""
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError, IndexError):
            number = int((self.directory / "data" / "postmaster.pid").read_text("utf-8").splitlines()[0])
            postmaster = psutil.Process(number)
            postmaster.suspend()
            for process in [*postmaster.children(recursive=True), postmaster]:
                process.kill()


@dataclass
class Cluster:
    """Two nodes; the first is the primary."""

    nodes: list[Node]

    def get_uri(self, database: str = "postgres") -> str:
        """Return the URL of a database, with both hosts."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://postgres:{PASSWORD}@{hosts}/{database}?target_session_attrs=read-write"


@contextlib.contextmanager
def cluster(directory: Path) -> Iterator[Cluster]:
    """Run two nodes with their files in a new directory, until the block ends."""
    patroni, etcd = installed("patroni"), installed("etcd")
    directory.mkdir()
    programs = initialise(directory / "unused")
    if programs.user is not None:
        shutil.chown(directory, programs.user)
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(_etcd(etcd, directory))
        nodes: list[Node] = []
        for name in ("db1", "db2"):
            node = _started(patroni, name, address, programs, directory / name)
            stack.callback(node.kill)
            nodes.append(node)
            until(lambda node=node: node.answers("primary" if node.name == "db1" else "sync"))
        yield Cluster(nodes)


@contextlib.contextmanager
def _etcd(program: str, directory: Path) -> Iterator[str]:
    client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    with (directory / "etcd.log").open("wb") as log:
        process = subprocess.Popen(
            [
                program,
                *("--data-dir", str(directory / "etcd"), "--initial-cluster", f"default={peer}"),
                *("--listen-client-urls", client, "--advertise-client-urls", client),
                *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield client.removeprefix("http://")
    finally:
        process.kill()
        process.wait()


def _started(patroni: str, name: str, etcd: str, programs: Programs, directory: Path) -> Node:
    directory.mkdir()
    if programs.user is not None:
        shutil.chown(directory, programs.user)
    port, rest = free_port(), free_port()
    settings = {
        "NAME": name,
        "ETCD3_HOSTS": etcd,
        "RESTAPI_LISTEN": f"127.0.0.1:{rest}",
        "RESTAPI_CONNECT_ADDRESS": f"127.0.0.1:{rest}",
        "POSTGRESQL_LISTEN": f"127.0.0.1:{port}",
        "POSTGRESQL_CONNECT_ADDRESS": f"127.0.0.1:{port}",
        "POSTGRESQL_DATA_DIR": str(directory / "data"),
        "POSTGRESQL_BIN_DIR": str(programs.directory),
        "POSTGRESQL_PGPASS": str(directory / "pgpass"),
        "SUPERUSER_PASSWORD": PASSWORD,
        "REPLICATION_PASSWORD": PASSWORD,
    }
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [patroni, str(ROOT / "docs" / "patroni.yml")],
            cwd=directory,
            env=os.environ | {"HOME": str(directory)} | {f"PATRONI_{key}": value for key, value in settings.items()},
            user=programs.user,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return Node(name, port, rest, directory, process)
