"""A primary with a standby: what is acknowledged outlives the primary."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from diptych.core.db.schema_version import head, history
from tests.faults.conftest import POSTGRESQL
from tests.faults.failover import AFTER, DEADLINE, DEFAULTS, RATE, failed_over, nothing_is_lost
from tests.faults.figures import FailoverFigures
from tests.faults.load import Book, Client, Load
from tests.faults.replication import Pair, pair
from tests.faults.service import REQUEST_TIMEOUT, service
from tests.faults.trial import STORED, named
from tests.support.databases import DIPTYCH, ROOT, Databases, environment
from tests.support.deployments import ADAPTERS
from tests.support.shared import SharedRun
from tests.support.waiting import PATIENCE, until

UNCONFIRMED = "The database did not confirm that this was saved."
"""The detail when a commit was not confirmed by the standby."""

CANCEL = """
    SELECT pg_cancel_backend(pid) FROM pg_stat_activity
    WHERE wait_event = 'SyncRep' AND datname = current_database()
"""
"""Cancels the sessions that wait for the standby."""


@pytest.fixture
def servers(shared_run: SharedRun) -> Iterator[Pair]:
    """Run a primary and a standby for one test."""
    with pair(shared_run.directory / f"pair-{uuid.uuid4().hex[:8]}") as found:
        yield found


@pytest.fixture
def database(servers: Pair, tmp_path: Path) -> str:
    """Create a database on the primary, and return its name."""
    return Databases(servers.primary, tmp_path).migrated("postgresql").rpartition("/")[2]


@pytest.fixture
def failover(
    request: pytest.FixtureRequest,
    pytestconfig: pytest.Config,
    servers: Pair,
    database: str,
    figures: list[FailoverFigures],
) -> Failover:
    (fault,) = request.node.get_closest_marker("fault").args
    pytestconfig.stash[POSTGRESQL] = servers.primary.version()
    return Failover(fault, servers, database, figures)


@dataclass
class Failover:
    """One failover, with the settings that the service has by default."""

    fault: str
    servers: Pair
    database: str
    figures: list[FailoverFigures]

    def settle(self, load: Load, adapter: str, lost: float, deadline: int = DEADLINE) -> FailoverFigures:
        """Return the figures. lost, errors: as `failed_over`."""
        with self.servers.standby.control(self.database) as connection:
            stored = named(load.word, connection.execute(STORED).fetchall())
        self.figures.append(failed_over(self.fault, adapter, load, stored, lost=lost, deadline=deadline))
        return self.figures[-1]


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.fault("synchronous standby stopped, both killed, standby promoted")
def test_nothing_is_acknowledged_that_only_the_primary_has(adapter: str, failover: Failover):
    servers = failover.servers
    servers.primary.wait_for_standby(synchronous=True)
    with (
        service(adapter, servers.primary.get_uri(failover.database)) as running,
        Load(running) as load,
    ):
        load.goes_on(RATE)
        stopped = time.monotonic()
        servers.standby.freeze()
        load.is_refused(20)
        servers.replace_primary()
        load.goes_on(AFTER)

    nothing_is_lost(failover.settle(load, adapter, stopped, REQUEST_TIMEOUT))
    assert {each.status for each in load.book.told} == {200, 201, 503}


@pytest.mark.slow
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.fault("asynchronous: primary killed, standby promoted a second later")
def test_an_asynchronous_standby_is_promoted(adapter: str, failover: Failover):
    servers = failover.servers
    servers.primary.wait_for_standby(synchronous=False)
    with service(adapter, servers.get_uri(failover.database), **DEFAULTS) as running, Load(running) as load:
        load.goes_on(RATE)
        killed = time.monotonic()
        servers.primary.kill()
        time.sleep(1)
        servers.standby.promote()
        load.goes_on(AFTER)

    # What the standby had not received is lost, acknowledged or not.
    failover.settle(load, adapter, killed)


@pytest.mark.slow
@pytest.mark.parametrize("deadline", [REQUEST_TIMEOUT, DEADLINE])
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.fault("primary frozen, synchronous standby promoted a second later")
def test_a_frozen_primary_is_replaced(adapter: str, deadline: int, failover: Failover):
    servers = failover.servers
    servers.primary.wait_for_standby(synchronous=True)
    settings = DEFAULTS | {"DIPTYCH_REQUEST_TIMEOUT": str(deadline)}
    with service(adapter, servers.get_uri(failover.database), **settings) as running:
        # A burst leaves idle connections in the pools.
        with Load(running, keyed=20, once=0, readers=20) as burst:
            burst.goes_on()
        with Load(running) as load:
            load.goes_on(RATE)
            frozen = time.monotonic()
            servers.primary.freeze()
            time.sleep(1)
            servers.standby.promote()
            load.goes_on(deadline + AFTER)

    found = failover.settle(load, adapter, frozen, deadline)
    nothing_is_lost(found)
    assert found.gap <= deadline + 4
    assert found.slowest <= deadline + 1
    assert found.rate > 0.25


@pytest.mark.slow
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.fault("each kind of write while the synchronous standby is stopped")
def test_no_kind_of_write_is_acknowledged_without_the_standby(adapter: str, servers: Pair, database: str):
    servers.primary.wait_for_standby(synchronous=True)
    with service(adapter, servers.primary.get_uri(database), DIPTYCH_REQUEST_TIMEOUT="2") as running:
        book = Book()

        def ask(method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, str]:
            client = Client(http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE), book)
            status, found = client.ask(method, path, body, key)
            client.close()
            return status, found.get("detail", "") if status >= 400 else found.get("id", "")

        _, first = ask("POST", "/authors", {"name": "Homer"})
        _, second = ask("POST", "/authors", {"name": "Hesiod"})
        kept = ask("POST", "/tags", {"name": "epic"}, "kept")
        servers.standby.freeze()
        writes: list[tuple[Any, ...]] = [
            ("POST", "/authors", {"name": "Sappho"}),
            ("POST", "/authors", {"name": "Alcaeus"}, "k"),
            ("PATCH", f"/authors/{first}", {"name": "Homerus"}),
            ("PUT", f"/authors/{uuid.uuid4()}", {"name": "Pindar", "dob": None}),
            ("DELETE", f"/authors/{second}"),
            ("POST", "/tags/batch", {"items": [{"name": "ode"}, {"name": "hymn"}]}),
            ("POST", "/tags/batch", {"items": [{"name": "elegy"}, {"name": "idyll"}]}, "b"),
            ("PUT", "/tags/batch", {"items": [{"name": "satire"}]}),
        ]
        assert [ask(*write) for write in writes] == [(503, UNCONFIRMED)] * 8

        # The rows and the keys are there now, on the primary alone. No repetition says that they are saved: not even
        # one of several at once, or one that changes nothing.
        with ThreadPoolExecutor(4) as pool:
            again = list(pool.map(lambda _: ask(*writes[1]), range(4)))
        assert {status for status, _ in again} == {503}
        unchanged = [writes[2], writes[3], writes[7], ("POST", "/tags", {"name": "epic"}, "kept")]
        assert [ask(*write) for write in unchanged] == [(503, UNCONFIRMED)] * 4
        assert ask("GET", f"/authors/{first}")[0] == 200

        servers.standby.thaw()
        status, author = ask(*writes[1])
        assert (status, ask("POST", "/tags", {"name": "epic"}, "kept")) == (201, kept)
        servers.replace_primary()
        assert ask("GET", f"/authors/{author}") == (200, author)


@pytest.mark.slow
@pytest.mark.fault("commands cancelled while the synchronous standby is stopped")
def test_a_command_that_was_not_confirmed_fails(servers: Pair, database: str, tmp_path: Path):
    books = tmp_path / "books.csv"
    books.write_text("title,author\nTheogony,Hesiod\n", "utf-8")
    servers.primary.wait_for_standby(synchronous=True)
    servers.standby.freeze()
    commands = {
        "import": ["import", str(books)],
        "migration": ["database", "downgrade", "--no-prompt", *history()[head()]],
        "statement outside a transaction": None,
    }
    for name, command in commands.items():
        line = [*DIPTYCH, *command] if command else [sys.executable, "-c", AUTOCOMMIT]
        with subprocess.Popen(
            line,
            cwd=ROOT,
            env=environment(DATABASE_URL=servers.primary.get_uri(database)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            with servers.primary.control(database) as connection:
                # A statement such as CREATE INDEX CONCURRENTLY commits, and waits, several times.
                until(lambda: connection.execute(CANCEL) and process.poll() is not None)
            told, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1, f"{name}: {told}"
        assert UNCONFIRMED in told or "TransactionResolutionUnknown" in told, f"{name}: {told}"


AUTOCOMMIT = """
import os
from sqlalchemy import text
from diptych.core.database import sync_config
from diptych.core.settings import Settings
engine = sync_config(Settings.from_environ(os.environ)).get_engine()
with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
    connection.execute(text("CREATE TABLE committed_by_itself ()"))
"""
"""A statement that commits by itself, as CREATE INDEX CONCURRENTLY in a migration does."""
