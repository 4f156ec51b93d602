"""A migration does no harm: not when it fails, when two run at once, or when another session holds a lock."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import psycopg
import pytest
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from diptych.core.db.config import connection_string
from diptych.core.db.migration_lock import Plan
from diptych.core.db.schema_version import head
from diptych.core.settings import Settings
from tests.architecture.trees import copy_tree, edit
from tests.support.databases import BACKENDS, Databases, environment
from tests.support.history import History
from tests.support.waiting import PATIENCE, until

DATABASE = [sys.executable, "-m", "diptych.core.cli", "database"]
UPGRADE = [*DATABASE, "upgrade", "--no-prompt"]

HEAD = head()
NEXT, AFTER_NEXT = (f"{int(HEAD) + step:04}" for step in (1, 2))

both = pytest.mark.parametrize("backend", BACKENDS)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the source tree, to which a test adds revisions."""
    return copy_tree(tmp_path / "tree")


def revision(tree: Path, number: str, body: str) -> None:
    """Write the revision after the one before `number`."""
    (tree / "migrations" / "versions" / f"{number}_test.py").write_text(
        f'"""Test."""\nimport os\nimport time\nimport sqlalchemy as sa\nfrom alembic import op\n'
        f'revision = "{number}"\ndown_revision = "{int(number) - 1:04}"\nbranch_labels = depends_on = None\n'
        f"def upgrade():\n" + "".join(f"    {line}\n" for line in body.splitlines()) + "def downgrade():\n    pass\n"
    )


def started(
    tree: Path, command: list[str], url: str, log: IO[str] | int = subprocess.PIPE, **settings: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, cwd=tree, env=environment(DATABASE_URL=url, PYTHONPATH=str(tree), **settings), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit status and standard error."""
    try:
        _, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.communicate()
    return process.returncode, err


def upgraded(tree: Path, url: str, **settings: str) -> tuple[int, str]:
    return ended(started(tree, UPGRADE, url, **settings))


@contextlib.contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = create_engine(connection_string(Settings(database_url=url)))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def state(url: str) -> tuple[str | None, set[str]]:
    """Return the revision and the tables of a database."""
    with connected(url) as connection:
        tables = set(inspect(connection).get_table_names())
        return connection.execute(text("SELECT version_num FROM alembic_versions")).scalar(), tables


@pytest.mark.long
@both
def test_a_revision_that_fails_half_way_leaves_nothing_behind(databases: Databases, backend: str, tree: Path):
    url = databases.migrated(backend)
    before = state(url)
    half = 'op.create_table("half", sa.Column("id", sa.Integer))\nop.execute("UPDATE tag SET name = name")\n'
    revision(tree, NEXT, f'{half}op.drop_table("nosuch")')

    status, _ = upgraded(tree, url)

    assert status == 1
    assert state(url) == before
    revision(tree, NEXT, half)
    History(tree / "migrations").upgrade(url, "head")
    assert state(url) == (NEXT, before[1] | {"half"})


@pytest.mark.long
@pytest.mark.parametrize(("backend", "stays"), [("postgresql", NEXT), ("sqlite", HEAD)])
def test_revisions_before_one_that_fails_stay_on_postgresql_alone(
    databases: Databases, backend: str, stays: str, tree: Path
):
    url = databases.migrated(backend)
    revision(tree, NEXT, 'op.create_table("whole", sa.Column("id", sa.Integer))')
    revision(tree, AFTER_NEXT, 'op.drop_table("nosuch")')

    with pytest.raises(DBAPIError, match="nosuch"):
        History(tree / "migrations").upgrade(url, "head")

    found, tables = state(url)
    assert (found, "whole" in tables) == (stays, stays == NEXT)


@pytest.mark.long
@both
def test_upgrades_at_once_wait_for_a_long_one_and_all_end_well(
    databases: Databases, backend: str, tree: Path, tmp_path: Path
):
    url = databases.migrated(backend)
    # Another process may migrate between two revisions, as long as each runs alone.
    for number in (NEXT, AFTER_NEXT, f"{int(HEAD) + 3:04}"):
        revision(
            tree, number,
            f'op.create_table("t{number}", sa.Column("id", sa.Integer))\n'
            f'while not os.path.exists("{tmp_path}/go on"): time.sleep(0.01)\n'
            "time.sleep(0.3)",
        )  # fmt: skip

    with ExitStack() as stack:
        logs = [stack.enter_context((tmp_path / f"log {number}").open("w+")) for number in range(3)]
        processes = [started(tree, UPGRADE, url, log) for log in logs]
        until(lambda: [_read(log).count("Waiting for another process") for log in logs].count(1) == 2)
        (tmp_path / "go on").touch()
        told = [(ended(process)[0], _read(log)) for process, log in zip(processes, logs, strict=True)]

    assert [status for status, _ in told] == [0, 0, 0], told
    if backend == "postgresql":
        assert sum(err.count("Waiting for another process that migrates") for _, err in told) == 2
    assert state(url)[0] == f"{int(HEAD) + 3:04}"


def _read(log: IO[str]) -> str:
    """Read a file that other processes write to."""
    return os.pread(log.fileno(), 1 << 20, 0).decode()


def test_a_read_only_command_does_not_wait_for_a_migration(databases: Databases, tree: Path):
    url = databases.migrated("postgresql")
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_xact_lock(x'646970747963'::bigint)")
        assert ended(started(tree, [*DATABASE, "show-current-revision"], url))[0] == 0


@pytest.mark.unsampled
@pytest.mark.long
def test_an_upgrade_that_waits_too_long_names_the_process_it_waits_for(databases: Databases, tree: Path):
    url = databases.migrated("postgresql")
    edit(tree / "core" / "db" / "migration_lock.py", "LOCK_WAIT = 1800.0", "LOCK_WAIT = 0.5")
    with psycopg.connect(url, application_name="another host") as other:
        process = other.info.backend_pid
        other.execute("SELECT pg_advisory_xact_lock(x'646970747963'::bigint)")

        status, err = upgraded(tree, url)

    assert status == 1
    assert "Traceback" not in err
    assert f"process {process}, postgres, another host" in err.splitlines()[-1]
    assert err.splitlines()[-1].endswith("nothing was changed")


ALTER = 'op.add_column("author", sa.Column("extra", sa.Integer))'


@pytest.mark.unsampled
@pytest.mark.long
def test_readers_go_on_while_a_revision_waits_for_a_lock(databases: Databases, tree: Path):
    url = databases.migrated("postgresql")
    revision(tree, NEXT, ALTER)
    edit(tree / "core" / "db" / "migration_lock.py", "ATTEMPTS = 10", "ATTEMPTS = 1000")
    with (
        psycopg.connect(url) as report,
        psycopg.connect(url, autocommit=True) as reader,
        psycopg.connect(url, autocommit=True) as observer,
    ):
        report.execute("SELECT * FROM author")
        upgrade = started(tree, UPGRADE, url, DIPTYCH_MIGRATION_LOCK_TIMEOUT="1")
        read, over = [0], threading.Event()

        def go_on() -> None:
            while not over.is_set():
                reader.execute("SELECT * FROM author")
                read[0] += 1

        def waits() -> int:
            """Return how much was read before the statement that now waits behind the migration; 0 if none does."""
            before, process = read[0], reader.info.backend_pid
            queued = "SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted"
            return before if observer.execute(queued, [process]).fetchone() else 0

        reading = threading.Thread(target=go_on, daemon=True)
        reading.start()
        try:
            before = until(waits)
            # It need not wait until the report ends.
            until(lambda: read[0] > before + 1)
            assert upgrade.poll() is None
        finally:
            over.set()
            report.rollback()
            reading.join()
        status, err = ended(upgrade)
    assert (status, state(url)[0]) == (0, NEXT), err
    assert f"upgrade {HEAD} -> {NEXT}: waiting for a lock" in err


@pytest.mark.unsampled
@pytest.mark.long
def test_a_lock_that_is_not_granted_is_reported_with_its_holder(databases: Databases, tree: Path):
    url = databases.migrated("postgresql")
    before = state(url)
    revision(tree, NEXT, f'op.create_table("first", sa.Column("id", sa.Integer))\n{ALTER}')
    edit(tree / "core" / "db" / "migration_lock.py", "ATTEMPTS = 10", "ATTEMPTS = 2")
    with psycopg.connect(url, application_name="a long report") as report:
        process = report.info.backend_pid
        report.execute("SELECT * FROM author")

        status, err = upgraded(tree, url, DIPTYCH_MIGRATION_LOCK_TIMEOUT="1")

    assert status == 1
    assert "Traceback" not in err
    line = err.splitlines()[-1]
    assert f"process {process}, postgres, a long report, idle in transaction, in a transaction" in line
    assert line.endswith("This step has changed nothing.")
    assert state(url) == before


@pytest.mark.unsampled
@pytest.mark.long
def test_a_statement_that_takes_too_long_ends_the_upgrade(databases: Databases, tree: Path):
    url = databases.migrated("postgresql")
    before = state(url)
    revision(tree, NEXT, f'{ALTER}\nop.execute("SELECT pg_sleep(30)")')

    status, err = upgraded(tree, url, DIPTYCH_MIGRATION_STATEMENT_TIMEOUT="1")

    assert status == 1
    assert f"upgrade {HEAD} -> {NEXT}: a statement took longer than 1 s. This step has changed nothing." in err
    assert state(url) == before


CONCURRENTLY = """with op.get_context().autocommit_block():
    op.execute("SELECT pg_sleep(6)")
    op.create_index("ix_author_dob", "author", ["dob"], postgresql_concurrently=True, if_not_exists=True)
"""


@pytest.mark.unsampled
@pytest.mark.long
def test_an_index_is_made_concurrently_while_another_upgrade_waits(databases: Databases, tree: Path):
    url = databases.migrated("postgresql")
    revision(tree, NEXT, ALTER)
    revision(tree, AFTER_NEXT, CONCURRENTLY)
    # A statement that blocks nothing may wait without limit.
    settings = {"DIPTYCH_MIGRATION_STATEMENT_TIMEOUT": "5"}

    told = [ended(process) for process in [started(tree, UPGRADE, url, **settings) for _ in range(3)]]

    assert [status for status, _ in told] == [0, 0, 0], told
    with connected(url) as connection:
        assert "ix_author_dob" in {index["name"] for index in inspect(connection).get_indexes("author")}


@pytest.mark.unsampled
@pytest.mark.long
def test_a_revision_is_undone_when_others_are_no_longer_kept_away(databases: Databases, tree: Path):
    url = databases.migrated("postgresql")
    before = state(url)
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    revision(tree, NEXT, f'{ALTER}\nop.execute("{end}")')

    status, err = upgraded(tree, url)

    assert status == 1
    assert "The connection that kept other migrations away was lost" in err.splitlines()[-1]
    assert state(url) == before


def test_steps_are_counted_once_however_often_they_are_tried():
    found = []

    def two_from_here(heads: tuple[str, ...], _: object) -> list[str]:
        found.append(heads)
        return ["one", "two"]

    plan = Plan(two_from_here)
    assert plan.remaining((), None) == ["one", "two"]
    plan.applied()
    assert plan.remaining(("one",), None) == ["two"]
    assert found == [()]


FILLED = """
INSERT INTO author (id, name, slug, search_text, sort_key, created_at, updated_at)
VALUES ('a', 'a', 'a', 'a', 'a', 0, 0);
INSERT INTO tag (id, name, search_text, sort_key, created_at, updated_at) VALUES ('t', 't', 't', 't', 0, 0);
INSERT INTO book (id, title, author_id, slug, search_text, sort_key, created_at, updated_at)
VALUES ('b', 'b', 'a', 'b', 'b', 'b', 0, 0);
INSERT INTO book_tag (book_id, tag_id) VALUES ('b', 't');
"""


def filled(databases: Databases) -> str:
    url = databases.migrated("sqlite")
    with connected(url) as connection:
        for statement in FILLED.strip().split(";\n"):
            connection.execute(text(statement.rstrip(";")))
        connection.commit()
    return url


@pytest.mark.unsampled
@pytest.mark.long
def test_a_table_of_sqlites_that_is_made_anew_keeps_the_rows_that_depend_on_it(databases: Databases, tree: Path):
    url = filled(databases)
    revision(
        tree,
        NEXT,
        'with op.batch_alter_table("book") as batch:\n    batch.alter_column("language", type_=sa.String(40))',
    )

    assert upgraded(tree, url) == (0, "")

    with connected(url) as connection:
        assert connection.execute(text("SELECT count(*) FROM book_tag")).scalar() == 1
        assert "VARCHAR(40)" in connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'book'")).scalar()


@pytest.mark.unsampled
@pytest.mark.long
def test_a_revision_that_leaves_rows_without_what_they_refer_to_is_undone_on_sqlite(databases: Databases, tree: Path):
    url = filled(databases)
    before = state(url)
    revision(tree, NEXT, 'op.execute("DELETE FROM tag")')

    status, err = upgraded(tree, url)

    assert status == 1
    assert "Rows of book_tag refer to rows that are not there; nothing was changed" in err.splitlines()[-1]
    assert state(url) == before


@pytest.mark.unsampled
@pytest.mark.long
def test_an_upgrade_waits_for_a_writer_of_sqlite(databases: Databases, tree: Path):
    url = databases.migrated("sqlite")
    revision(tree, NEXT, ALTER)
    with connected(url) as other:
        other.execute(text("UPDATE tag SET name = name"))
        upgrade = started(tree, UPGRADE, url)
        assert upgrade.stderr is not None
        assert upgrade.stderr.readline() == "Waiting for another process that writes to this database.\n"
        other.rollback()
        assert ended(upgrade) == (0, "")
    assert state(url)[0] == NEXT
