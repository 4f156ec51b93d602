"""`check-db-status`: its output and its exit status."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from diptych.core.db.schema_version import head
from tests.cli.test_database import executed, tables
from tests.support.commands import done, invoked
from tests.support.databases import BACKENDS, Databases

both = pytest.mark.parametrize("backend", BACKENDS)
Catalogues = Callable[[str], str]


def told(url: str, status: int) -> str:
    result = invoked(url, "check-db-status")
    assert result.exit_code == status, result.output
    assert result.stderr == ""
    return result.stdout


@both
def test_a_healthy_database_is_reported_in_four_lines(catalogue: Catalogues, backend: str):
    expected = rf"healthy: yes\nrevision: {head()} \(head\)\ndrift: none\nlatency: \d+\.\d ms\n"
    assert re.fullmatch(expected, told(catalogue(backend), 0))


@both
def test_a_healthy_database_is_reported_as_json(catalogue: Catalogues, backend: str):
    found = json.loads(done(catalogue(backend), "check-db-status", "--json"))
    assert 0 <= found.pop("latency_ms") < 5000
    assert found == {
        "healthy": True, "reachable": True, "revision": head(), "head": head(), "drift": [], "problem": None,
    }  # fmt: skip


@both
def test_a_database_that_is_behind_or_unknown_or_not_migrated_is_not_healthy(catalogue: Catalogues, backend: str):
    url = catalogue(backend)
    done(url, "database", "downgrade", "0001")
    assert f"\nrevision: 0001 (the head is {head()})\ndrift: not compared\n" in told(url, 1)
    executed(url, "UPDATE alembic_versions SET version_num = 'ffff'")
    assert "does not know" in told(url, 1)
    executed(url, "INSERT INTO alembic_versions VALUES ('0001')")
    assert f"\nrevision: 0001 and ffff (the head is {head()})\n" in told(url, 1)
    executed(url, "DELETE FROM alembic_versions")
    assert f"\nrevision: none (the head is {head()})\n" in told(url, 1)


@both
def test_drift_is_what_check_finds(catalogue: Catalogues, backend: str):
    url = catalogue(backend)
    executed(
        url, "DROP INDEX ix_book_author_id", "CREATE INDEX mine ON tag (name)", "CREATE TABLE stranger (id INTEGER)"
    )
    found = json.loads(invoked(url, "check-db-status", "--json").stdout)
    assert found["healthy"] is False
    assert found["drift"] == invoked(url, "database", "check").stdout.splitlines()
    assert "drift: missing: Index ix_book_author_id on book (author_id)\n" in told(url, 1)


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:hunter2@127.0.0.1:1/db", "postgresql://u:hunter2@127.0.0.1:1/db?hunter=1", "sqlite:////proc/x.db"],
)
def test_a_database_that_cannot_be_asked_is_another_exit_status(url: str):
    assert "hunter2" not in told(url, 2)
    assert told(url, 2).startswith("healthy: no\nproblem: ")
    found = json.loads(invoked(url, "check-db-status", "--json").stdout)
    assert (found["healthy"], found["reachable"], found["revision"], found["drift"]) == (False, False, None, None)


def test_a_file_that_is_no_database_cannot_be_asked(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database at all, but long enough to be read as one" * 20, encoding="utf-8")
    assert "file is not a database" in told(f"sqlite:///{path}", 2)


def test_it_writes_nothing(catalogue: Catalogues, databases: Databases, tmp_path: Path):
    empty = tmp_path / "empty.db"
    empty.touch()
    plain = tmp_path / "plain.db"
    shutil.copy(catalogue("sqlite").removeprefix("sqlite:///"), plain)
    executed(f"sqlite:///{plain}", "PRAGMA journal_mode=DELETE")
    for path, status in ((empty, 1), (plain, 0)):
        before = hashlib.sha256(path.read_bytes()).digest()
        told(f"sqlite:///{path}", status)
        assert hashlib.sha256(path.read_bytes()).digest() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.db", "plain.db"]
    url = databases.empty("postgresql")
    told(url, 1)
    assert tables(url) == set()


@both
def test_a_catalogue_of_another_kind_can_be_adopted_and_that_is_told(databases: Databases, backend: str):
    url = databases.empty(backend)
    executed(
        url,
        "CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL)",
        "CREATE TABLE books (id INTEGER PRIMARY KEY, title VARCHAR(200) NOT NULL,"
        " author_id INTEGER NOT NULL REFERENCES authors (id))",
    )
    advice = '"diptych database adopt --dry-run" says what it would take over.'
    assert f"problem: There are tables of a catalogue (authors, books), and no revision: {advice}\n" in told(url, 1)
    found = json.loads(invoked(url, "check-db-status", "--json").stdout)
    assert (found["healthy"], found["revision"]) == (False, None)
    assert found["problem"].endswith(advice)
    assert invoked(url, "database", "adopt", "--dry-run").exit_code == 0


@both
def test_the_catalogues_own_tables_without_a_revision_can_be_adopted(catalogue: Catalogues, backend: str):
    url = catalogue(backend)
    executed(url, "DROP TABLE alembic_versions")
    assert "problem: There are tables of a catalogue (author, book, book_contributor" in told(url, 1)


@both
def test_tables_that_are_no_catalogue_are_not_adopted(databases: Databases, backend: str):
    url = databases.empty(backend)
    executed(url, "CREATE TABLE invoice (id INTEGER PRIMARY KEY, total INTEGER)")
    assert "problem: The database has not been migrated" in told(url, 1)
