"""Everything through a real PgBouncer in transaction mode, to a server whose time zone is not UTC."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from diptych.core.settings import Settings
from diptych.core.startup_checks import check_revision
from tests.support import before, patient
from tests.support.commands import done
from tests.support.databases import DIPTYCH, ROOT, Databases, environment, run
from tests.support.deployments import ADAPTERS, deployment
from tests.support.pgbouncer import pgbouncer
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.long

SIZE = 3
"""Connections of the pool: too few for each client to keep one."""

UPGRADE = [*DIPTYCH, "database", "upgrade", "--no-prompt"]


@pytest.fixture(scope="module")
def pooled(databases: Databases) -> Iterator[str]:
    """Yield the URL of an empty database behind PgBouncer."""
    direct = databases.empty("postgresql")
    with psycopg.connect(direct, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET timezone = 'America/St_Johns'".encode())
    with pgbouncer(direct, SIZE) as url:
        yield url


@pytest.fixture(scope="module")
def migrated(pooled: str) -> str:
    """Return the same URL after two concurrent migrations."""
    command = {"cwd": ROOT, "env": environment(DATABASE_URL=pooled), "stdout": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(UPGRADE, stderr=subprocess.STDOUT, **command) for _ in range(2)]  # type: ignore[call-overload]
    told = [process.communicate(timeout=PATIENCE)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    done(pooled, "access", "anonymous", "editor")
    return pooled


@pytest.fixture(scope="module")
def urls(migrated: str) -> Iterator[dict[str, str]]:
    """Yield the address of each adapter; both run at the same time."""
    with deployment("flask", migrated) as flask, deployment("sanic", migrated) as sanic:
        yield {"flask": flask, "sanic": sanic}


def test_it_is_a_pooler_and_the_time_zone_is_not_utc(pooled: str):
    with psycopg.connect(pooled, autocommit=True) as connection:
        row = connection.execute("SELECT pg_backend_pid(), current_setting('timezone')").fetchone()
    assert row is not None
    assert row[0] != connection_number(pooled)
    assert row[1] == "America/St_Johns"


def connection_number(url: str) -> int:
    with psycopg.connect(url) as connection:
        return connection.info.backend_pid


@pytest.mark.unsampled
def test_migrations_can_be_checked_undone_and_run_again(migrated: str):
    for arguments in (["check"], ["downgrade", "--no-prompt", "0001"], ["upgrade", "--no-prompt"], ["check"]):
        run([*DIPTYCH, "database", *arguments], DATABASE_URL=migrated)


@pytest.mark.unsampled
def test_a_catalogue_is_imported_and_exported(migrated: str, tmp_path: Path):
    sample = ROOT / "core" / "data" / "sample.jsonl"
    assert "60 created" in run([*DIPTYCH, "import", str(sample)], DATABASE_URL=migrated).stdout
    assert "60 unchanged" in run([*DIPTYCH, "import", str(sample)], DATABASE_URL=migrated).stdout
    lines = run([*DIPTYCH, "export"], DATABASE_URL=migrated).stdout
    copy = tmp_path / "copy.jsonl"
    copy.write_text(lines, "utf-8")
    assert "unchanged" in run([*DIPTYCH, "import", str(copy)], DATABASE_URL=migrated).stdout
    assert run([*DIPTYCH, "export"], DATABASE_URL=migrated).stdout == lines


@pytest.mark.unsampled
def test_every_row_is_copied_to_another_database(databases: Databases, tmp_path: Path):
    direct, dump = databases.migrated("postgresql"), str(tmp_path / "dump.json")
    run([*DIPTYCH, "import", str(ROOT / "core" / "data" / "sample.jsonl")], DATABASE_URL=direct)
    with pgbouncer(direct, SIZE) as one, pgbouncer(databases.migrated("postgresql"), SIZE) as other:
        run([*DIPTYCH, "database", "dump-data", "-o", dump], DATABASE_URL=one)
        run([*DIPTYCH, "load", dump], DATABASE_URL=other)
        assert "healthy: yes" in run([*DIPTYCH, "check-db-status"], DATABASE_URL=other).stdout
        lines = [run([*DIPTYCH, "export"], DATABASE_URL=url).stdout for url in (one, other)]
    assert lines[0] == lines[1] != ""


@pytest.mark.unsampled
@pytest.mark.parametrize("application", ["guide", "classic"])
def test_a_database_from_before_is_adopted(databases: Databases, application: str, tmp_path: Path):
    direct = before.make(application, databases.empty("postgresql"), tmp_path, kept=True)
    with pgbouncer(direct, SIZE) as url:
        assert "Adopted 3 authors and 9 books." in run([*DIPTYCH, "database", "adopt"], DATABASE_URL=url).stdout
        run([*DIPTYCH, "database", "check"], DATABASE_URL=url)


@pytest.mark.unsampled
def test_times_are_returned_in_utc(urls: dict[str, str]):
    made = patient.post(f"{urls['flask']}/tags", json={"name": "times"}).json()
    for url in urls.values():
        read = patient.get(f"{url}/tags/{made['id']}").json()
        assert read == made
        assert read["created_at"].endswith("Z")


CONTRACT = ["test_authors.py", "test_books.py", "test_tags.py", "test_batches.py", "test_caching.py", "test_lists.py"]
CONTRACT += ["test_idempotency.py"]


@pytest.mark.unsampled
def test_both_adapters_keep_the_contract_at_once(urls: dict[str, str], tmp_path: Path):
    suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    suite += [f"tests/contract/{name}" for name in CONTRACT]
    started = {
        adapter: subprocess.Popen(
            [*suite, f"--basetemp={tmp_path / adapter}"], cwd=ROOT, env=os.environ | {"CONTRACT_URL": urls[adapter]},
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for adapter in ADAPTERS
    }  # fmt: skip
    told = {adapter: process.communicate(timeout=4 * PATIENCE)[0] for adapter, process in started.items()}
    assert {adapter: process.returncode for adapter, process in started.items()} == dict.fromkeys(ADAPTERS, 0), told


def test_many_clients_share_few_connections_and_none_gets_anothers_statement(urls: dict[str, str]):
    statuses: dict[str, set[int]] = {adapter: set() for adapter in ADAPTERS}
    paths = ["/books?pageSize=3", "/books?searchString=a&include=tags,contributors", "/tags?nameIn=x", "/authors"]

    def ask(adapter: str, place: int) -> None:
        with patient.Client(base_url=urls[adapter]) as client:
            # psycopg would prepare a statement when it sends it for the sixth time.
            for number in range(25):
                statuses[adapter].add(client.get(paths[(place + number) % len(paths)]).status_code)
                statuses[adapter].add(client.post("/tags", json={"name": f"{adapter}-{place}-{number}"}).status_code)

    threads = [threading.Thread(target=ask, args=(adapter, place)) for adapter in ADAPTERS for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == {adapter: {200, 201} for adapter in ADAPTERS}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_request_waits_for_the_pooler_no_longer_than_its_deadline(databases: Databases, adapter: str):
    with (
        pgbouncer(databases.migrated("postgresql"), 1) as url,
        deployment(adapter, url, DIPTYCH_REQUEST_TIMEOUT="1", DIPTYCH_WORKERS="2") as address,
    ):
        # One of the workers may not have used the database yet, so that SQLAlchemy has not initialized its dialect.
        with psycopg.connect(url) as other, ThreadPoolExecutor(12) as clients:
            other.execute("SELECT 1")  # a transaction, which holds PgBouncer's one connection
            answers = list(clients.map(lambda _: patient.get(f"{address}/tags"), range(12)))

            # PgBouncer would keep them waiting for ever.
            assert [answer.status_code for answer in answers] == [503] * 12
        until(lambda: patient.get(f"{address}/tags").status_code == 200)


def test_a_pooler_that_says_nothing_holds_up_no_start(databases: Databases):
    with pgbouncer(databases.migrated("postgresql"), 1) as url, psycopg.connect(url) as other:
        other.execute("SELECT 1")
        starting = threading.Thread(
            target=check_revision, args=[Settings(database_url=url, request_timeout=1)], daemon=True
        )
        starting.start()
        starting.join(PATIENCE)
        assert not starting.is_alive()
