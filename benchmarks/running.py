"""A run: every contestant in every round, one after another, on one PostgreSQL."""

from __future__ import annotations

import contextlib
import itertools
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from benchmarks import catalogue as rows
from benchmarks.catalogue import Book, Catalogue
from benchmarks.checking import Wrong, check
from benchmarks.contestants import Contestant
from benchmarks.load import Loaded, load, write
from benchmarks.plan import Plan
from benchmarks.workloads import Case, Workload
from tests.support.databases import DIPTYCH, ROOT, environment, run
from tests.support.deployments import free_port, stop

CHECKED = 8
"""Requests of each workload whose responses are compared before the load."""

PATIENCE = 60.0


class RunError(Exception):
    """The run cannot continue; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement. fault: why it is void, empty where it is valid."""

    contestant: str
    workload: str
    round: int
    loaded: Loaded
    fault: str


@contextlib.contextmanager
def database(server: Any) -> Iterator[str]:
    """Provide the URL of a migrated database without background activity."""
    url = server.get_uri(database="bench")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # Rows are vacuumed before each measurement instead, and checkpoints are explicit.
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("ALTER SYSTEM SET checkpoint_timeout = '1h'")
        connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE DATABASE bench TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
        connection.execute("ALTER DATABASE bench SET timezone = 'UTC'")
    run([*DIPTYCH, "database", "upgrade", "--no-prompt"], DATABASE_URL=url)
    run([*DIPTYCH, "access", "anonymous", "editor"], DATABASE_URL=url)
    yield url


def token_of(url: str) -> str:
    """Return a token of a new account."""
    run([*DIPTYCH, "accounts", "create", "bench", "--role", "editor"], DATABASE_URL=url)
    return run([*DIPTYCH, "tokens", "create", "bench"], DATABASE_URL=url).stdout.splitlines()[-1]


def settings(url: str) -> dict[str, str]:
    """Return the PostgreSQL settings that affect the figures."""
    names = ["server_version", "fsync", "synchronous_commit", "shared_buffers", "autovacuum"]
    with psycopg.connect(url) as connection:
        return dict(connection.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", (names,)))


class Run:
    """Every contestant at every workload. url: of the database. directory: for requests and logs."""

    def __init__(
        self, plan: Plan, catalogue: Catalogue, url: str, directory: Path, tell: Callable[[str], None]
    ) -> None:
        self.plan, self.catalogue, self.url, self.directory, self.tell = plan, catalogue, url, directory, tell
        self._token = token_of(url) if any(each.authorized for each in plan.workloads) else ""

    def measurements(self) -> Iterator[Measured]:
        """Run the rounds. The order rotates, so that no contestant is always first.

        Errors: RunError, LoadError, BusyError, Wrong.
        """
        plan = self.plan
        for workload in plan.workloads:
            if not workload.conditional:
                write(self._requests(workload), self._load(workload), {})
        for number in range(plan.rounds):
            turn = number * len(plan.contestants) // plan.rounds
            for contestant in [*plan.contestants[turn:], *plan.contestants[:turn]]:
                self.tell(f"Round {number + 1} of {plan.rounds}: {contestant.title}")
                yield from self._turn(contestant, number)

    def _turn(self, contestant: Contestant, number: int) -> Iterator[Measured]:
        rows.fill(self.url, self.catalogue)
        with started(contestant, self.url, self.directory) as address:
            for workload in self.plan.workloads:
                if workload.writes:
                    rows.fill(self.url, self.catalogue, self._stock(workload))
                try:
                    loaded, fault = self._measured(workload, address)
                except Wrong as error:
                    raise Wrong(f"{contestant.title}: {error}") from error
                self.tell(f"  {workload.title:<15}{loaded.rate:>9,.0f}/s  p99 {loaded.p99 / 1000:>7,.1f} ms  {fault}")
                yield Measured(contestant.name, workload.name, number, loaded, fault)

    def _measured(self, workload: Workload, address: str) -> tuple[Loaded, str]:
        """Load a contestant once; return the result, and why it is void, if it is."""
        plan, requests = self.plan, self._requests(workload)
        checked = itertools.islice(self._cases(workload), None if workload.conditional else CHECKED)
        token = self._token if workload.authorized else ""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with httpx.Client(base_url=address, timeout=PATIENCE, headers=headers) as client:
            tags = check(client, checked, conditional=workload.conditional)
        if workload.conditional:
            write(requests, self._cases(workload), tags)
        warm_up = load(address, requests, plan.warm_up, token=token)
        before = self._books()  # waits for what the last wrk has left running, which would disturb this load
        skip = plan.prepared(workload, plan.warm_up) if workload.once else 0
        loaded = load(address, requests, plan.seconds, skip, token)
        changed = abs(self._books() - before)
        if workload.once and max(warm_up.rate, loaded.rate) > 0.9 * plan.prepared(workload, 1):
            return loaded, f"void: faster than BENCH_STOCK={plan.stock} rows a second; raise it"
        if loaded.refused or loaded.unanswered or not loaded.requests:
            return loaded, f"void: {loaded.refused} refused, {loaded.unanswered} not answered, of {loaded.requests}"
        if changed < abs(workload.adds or 0) * loaded.requests:
            return loaded, f"void: {changed} rows changed in {loaded.requests} requests"
        return loaded, ""

    def _books(self) -> int:
        """Return the number of books, once the database is idle."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            rows.wait_until_quiet(connection)
            found = connection.execute("SELECT count(*) FROM book").fetchone()
        assert found is not None  # noqa: S101 - a count is one row
        return int(found[0])

    def _requests(self, workload: Workload) -> Path:
        return self.directory / f"{workload.name}.requests"

    def _cases(self, workload: Workload) -> Iterator[Case]:
        return workload.cases(self.catalogue, random.Random(rows.SEED))  # noqa: S311 - the same requests each time

    def _load(self, workload: Workload) -> Iterator[Case]:
        """Yield the requests of the load; where each can be sent only once, after those that were checked."""
        cases = self._cases(workload)
        return itertools.islice(cases, CHECKED, CHECKED + self._needed(workload)) if workload.once else cases

    def _needed(self, workload: Workload) -> int:
        return self.plan.prepared(workload, self.plan.warm_up + self.plan.seconds)

    def _stock(self, workload: Workload) -> Iterator[Book]:
        return itertools.islice(rows.stock(self.catalogue), CHECKED + self._needed(workload) if workload.deletes else 0)


@contextlib.contextmanager
def started(contestant: Contestant, url: str, directory: Path) -> Iterator[str]:
    """Start a contestant on a database; yield its address. Errors: RunError where it does not start."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with (directory / f"{contestant.name}.log").open("a+") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            contestant.command(port),
            cwd=ROOT,
            env=environment(**contestant.settings, DATABASE_URL=url, FLASK_PORT=str(port), PYTHONPATH=str(ROOT)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_until_ready(f"{address}/books?pageSize=1", process, contestant, log.name)
            yield address
        finally:
            stop(process, log)


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], contestant: Contestant, log: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(address).status_code == httpx.codes.OK:
                return
        time.sleep(0.1)
    raise RunError(f"{contestant.title} does not start: {log} says why")
