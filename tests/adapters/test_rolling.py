"""Restarts and moves under load: every request is answered, and exactly what is acknowledged is stored."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Self

import psycopg
import pytest

from tests.support.databases import ROOT, Databases, environment
from tests.support.deployments import ADAPTERS, PATIENT, SETTLED, command, free_port, stop, wait_until_ready
from tests.support.haproxy import Proxy, haproxy
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.long


class Instance:
    """A deployment that can be stopped, and started again on the same port."""

    def __init__(self, adapter: str, database_url: str) -> None:
        self.port = free_port()
        self._command = command(adapter, self.port)
        self._settings = {**PATIENT, "DATABASE_URL": database_url, "FLASK_PORT": str(self.port)}
        self._log: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in __exit__
        self.start()

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        self.process = subprocess.Popen(
            self._command, cwd=ROOT, env=environment(**self._settings),
            stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        wait_until_ready(f"http://127.0.0.1:{self.port}", self.process, self._log)
        time.sleep(SETTLED)

    def stop(self) -> None:
        """Stop it, and wait until it has ended."""
        stop(self.process, self._log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.stop()
        self._log.seek(0)
        told = self._log.read()
        self._log.close()
        assert kind is not None or "Traceback" not in told, told


class Load:
    """Clients that write and read without pause or retry."""

    def __init__(self, url: str) -> None:
        self._address = url.removeprefix("http://")
        self._over = threading.Event()
        kept = (True, True, True, False, False)
        self._counts: list[Counter[str]] = [Counter() for _ in kept]
        self._threads = [threading.Thread(target=self._ask, args=each) for each in zip(kept, self._counts, strict=True)]

    @property
    def found(self) -> Counter[str]:
        """Method and status, or the error of a request -> number."""
        return sum((each.copy() for each in self._counts), Counter())

    def _ask(self, kept: bool, count: Counter[str]) -> None:  # noqa: FBT001 - of a thread
        connection = http.client.HTTPConnection(self._address, timeout=PATIENCE)
        while not self._over.is_set():
            for method, path in (("POST", "/tags"), ("GET", "/tags?pageSize=5")):
                body = json.dumps({"name": uuid.uuid4().hex}) if method == "POST" else None
                try:
                    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
                    answer = connection.getresponse()
                    answer.read()
                    count[f"{method} {answer.status}"] += 1
                except (OSError, http.client.HTTPException) as error:
                    count[f"{method} {error!r}"] += 1
                    connection.close()
                if not kept:
                    connection.close()
        connection.close()

    def goes_on(self) -> None:
        """Wait until some more requests have been answered."""
        before = self.found.total()
        while self.found.total() < before + 50:
            time.sleep(0.05)

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        self.goes_on()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join()


@contextmanager
def _load(url: str, database_url: str) -> Iterator[Load]:
    with Load(url) as load:
        yield load
    assert set(load.found) == {"POST 201", "GET 200"}, load.found
    with psycopg.connect(database_url) as database:
        (stored,) = database.execute("SELECT count(*) FROM tag").fetchone() or (None,)
    assert stored == load.found["POST 201"]
    print(f"{load.found.total()} requests, {stored} of them stored")


def test_gunicorns_workers_are_replaced_under_load(databases: Databases):
    url = databases.migrated("postgresql")
    with Instance("flask", url) as flask, _load(f"http://127.0.0.1:{flask.port}", url) as load:
        for _ in range(2):
            before = _children(flask.process.pid)
            flask.process.send_signal(signal.SIGHUP)
            until(lambda before=before: before.isdisjoint(_children(flask.process.pid)))  # type: ignore[misc]
            load.goes_on()


def _children(pid: int) -> set[str]:
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split())


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_one_instance_after_another_is_restarted_under_load(databases: Databases, adapter: str):
    url = databases.migrated("postgresql")
    with ExitStack() as stack:
        instances = {name: stack.enter_context(Instance(adapter, url)) for name in ("one", "other")}
        proxy = stack.enter_context(haproxy({name: each.port for name, each in instances.items()}))
        load = stack.enter_context(_load(proxy.url, url))
        for name, instance in instances.items():
            instance.stop()
            proxy.wait_until_down(name)
            load.goes_on()
            instance.start()
            proxy.wait_until_up(name)
            load.goes_on()


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_instance_that_was_drained_is_restarted_and_nothing_is_sent_twice(databases: Databases, adapter: str):
    url = databases.migrated("postgresql")
    with ExitStack() as stack:
        instances = {name: stack.enter_context(Instance(adapter, url)) for name in ("one", "other")}
        proxy = stack.enter_context(haproxy({name: each.port for name, each in instances.items()}, retries=False))
        load = stack.enter_context(_load(proxy.url, url))
        for name, instance in instances.items():
            proxy.tell(f"set server diptych/{name} state drain")
            instance.stop()
            proxy.wait_until_down(name)
            load.goes_on()
            instance.start()
            proxy.wait_until_up(name)
            proxy.tell(f"set server diptych/{name} state ready")
            load.goes_on()


def test_all_traffic_moves_from_flask_to_sanic_and_back_under_load(databases: Databases):
    url = databases.migrated("postgresql")
    with ExitStack() as stack:
        instances = {name: stack.enter_context(Instance(name, url)) for name in ADAPTERS}
        proxy = stack.enter_context(haproxy({name: each.port for name, each in instances.items()}, retries=False))
        load = stack.enter_context(_load(proxy.url, url))
        for taken, left in (("flask", "sanic"), ("sanic", "flask"), ("flask", "sanic")):
            proxy.tell(f"set server diptych/{taken} state ready")
            proxy.tell(f"set server diptych/{left} state drain")
            until(lambda left=left: proxy.servers()[left]["scur"] == "0")  # type: ignore[misc]
            before = _answered(proxy)
            load.goes_on()
            after = _answered(proxy)
            assert after[left] == before[left]
            assert after[taken] > before[taken]


def _answered(proxy: Proxy) -> dict[str, int]:
    return {name: int(server["hrsp_2xx"]) for name, server in proxy.servers().items()}
