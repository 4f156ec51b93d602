"""/metrics with three workers: one total for all of them, also after one has been killed."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import psutil
import psycopg
import pytest

from tests.support import patient
from tests.support.databases import ROOT, Databases, environment
from tests.support.deployments import ADAPTERS, PATIENT, SETTLED, command, free_port, stop, wait_until_ready
from tests.support.metrics import requests, scraped
from tests.support.waiting import until
from tests.support.wire import Target, connect

WORKERS = 3
IN_USE = ("diptych_pool_connections_in_use",)


class Deployment:
    """Three workers of an adapter on PostgreSQL."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, database: str, directory: Path) -> None:
        self.process, self.url, self.database, self.directory = process, url, database, directory

    def workers(self) -> list[int]:
        """Return the worker processes."""
        port = Target.of(self.url).port
        family = psutil.Process(self.process.pid).children(recursive=True)
        return [each.pid for each in family if any(s.laddr.port == port for s in each.net_connections("tcp"))]

    def worker_of(self, port: int) -> int:
        """Return the worker that has accepted a client's connection."""
        return next(
            pid
            for pid in self.workers()
            if any(each.raddr and each.raddr.port == port for each in psutil.Process(pid).net_connections("tcp"))
        )

    def number(self, *key: str) -> float:
        """Return a number from /metrics, over a new connection to any worker."""
        with patient.Client(base_url=self.url) as api:
            return scraped(api).get(key, 0)

    def asked(self) -> float:
        with patient.Client(base_url=self.url) as api:
            return requests(scraped(api), "GET", "/health/live", 200)


@pytest.fixture(scope="module", params=ADAPTERS)
def served(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    adapter, database, port = request.param, databases.migrated("postgresql"), free_port()
    directory = tmp_path_factory.mktemp("temporary")
    options = ["--workers", str(WORKERS)] if adapter == "sanic" else []
    settings = environment(
        **PATIENT, DATABASE_URL=database, FLASK_PORT=str(port), DIPTYCH_WORKERS=str(WORKERS), TMPDIR=str(directory)
    )
    with ExitStack() as stack:
        log: IO[str] = stack.enter_context(tempfile.TemporaryFile("w+"))
        process = subprocess.Popen(
            [*command(adapter, port), *options], cwd=ROOT, env=settings, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", process, log)
            (made,) = directory.glob("diptych-metrics-*")
            found = Deployment(process, f"http://127.0.0.1:{port}", database, made)
            until(lambda: len(found.workers()) == WORKERS)
            time.sleep(SETTLED)
            yield found
        finally:
            stop(process, log)
        assert not made.exists()


@pytest.mark.long
def test_one_answer_is_of_all_workers(served: Deployment):
    before, statuses = served.asked(), []

    def both_have_counted() -> bool:
        """Ask eight at once; return whether both workers have files of numbers. One may accept all of a burst."""
        statuses.extend(pool.map(lambda _: patient.get(f"{served.url}/health/live").status_code, range(8)))
        return len(list(served.directory.glob("*.counts"))) > 1

    with ThreadPoolExecutor(8) as pool:
        until(both_have_counted)

    assert [served.asked() for _ in range(8)] == [before + len(statuses)] * 8
    assert set(statuses) == {200}


@pytest.mark.unsampled
@pytest.mark.long
def test_a_killed_worker_leaves_its_counts_and_takes_its_connections_with_it(served: Deployment):
    assert served.number(*IN_USE) == 0
    before = served.asked()
    body = b'{"name":"held up"}'
    head = b"POST /tags HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
    with psycopg.connect(served.database) as holder, connect(Target.of(served.url)) as client:
        holder.execute("LOCK TABLE tag IN ACCESS EXCLUSIVE MODE")
        client.sendall(head + str(len(body)).encode() + b"\r\n\r\n" + body)
        until(lambda: served.number(*IN_USE) == 1)

        os.kill(served.worker_of(client.getsockname()[1]), signal.SIGKILL)

        until(lambda: served.number(*IN_USE) == 0)
    assert served.asked() == before
    assert patient.get(f"{served.url}/health/live").status_code == 200
    assert served.asked() == before + 1
