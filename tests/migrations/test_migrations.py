"""The database's history, run as an operator runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from core.database import connection_string
from core.models import Base
from core.settings import Settings
from tests.support.databases import BACKENDS, ROOT, Databases, environment, run, tables

DIPTYCH = [sys.executable, "-m", "core.cli"]
UPGRADE = [*DIPTYCH, "database", "upgrade", "--no-prompt"]
DOWNGRADE = [*DIPTYCH, "database", "downgrade", "--no-prompt", "base"]
CHECK = [*DIPTYCH, "database", "check"]

both = pytest.mark.parametrize("backend", BACKENDS)


@both
def test_the_history_goes_up_down_and_up_again(databases: Databases, backend: str):
    url = databases.empty(backend)
    ours = set(Base.metadata.tables)
    run(UPGRADE, DATABASE_URL=url)
    assert tables(url) >= ours
    run(DOWNGRADE, DATABASE_URL=url)
    assert tables(url) & ours == set()
    run(UPGRADE, DATABASE_URL=url)
    assert tables(url) >= ours


@both
def test_the_models_say_what_the_history_made(databases: Databases, backend: str):
    done = run(CHECK, DATABASE_URL=databases.migrated(backend), check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@both
def test_a_check_finds_what_somebody_changed_by_hand(databases: Databases, backend: str):
    url = databases.migrated(backend)
    engine = create_engine(connection_string(Settings(database_url=url), "sync"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX ix_book_author_id")
    engine.dispose()
    assert run(CHECK, DATABASE_URL=url, check=False).returncode != 0


@both
def test_an_upgrade_of_what_is_up_to_date_does_nothing(databases: Databases, backend: str):
    url = databases.migrated(backend)
    before = tables(url)
    run(UPGRADE, DATABASE_URL=url)
    assert tables(url) == before


@both
def test_upgrades_at_once_all_succeed(databases: Databases, backend: str):
    url = databases.empty(backend)
    started = [
        subprocess.Popen(
            UPGRADE,
            cwd=ROOT,
            env=environment(DATABASE_URL=url),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(3)
    ]
    told = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], "\n".join(told)
    assert tables(url) >= set(Base.metadata.tables)


@both
def test_the_working_directory_does_not_matter(databases: Databases, backend: str, tmp_path: Path):
    url = databases.empty(backend)
    for command in (UPGRADE, CHECK):
        run(command, cwd=tmp_path, DATABASE_URL=url, PYTHONPATH=str(ROOT))
    assert list(tmp_path.iterdir()) == []
    assert tables(url) >= set(Base.metadata.tables)


def test_flask_migrates_the_same_database(databases: Databases):
    url = databases.empty("sqlite")
    run([sys.executable, "-m", "flask", "--app", "flask_app", "database", "upgrade", "--no-prompt"], DATABASE_URL=url)
    assert run(CHECK, DATABASE_URL=url).returncode == 0


def test_the_directory_of_a_new_sqlite_file_is_made(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/a/b/books.db"
    run(UPGRADE, DATABASE_URL=url)
    assert tables(url) >= set(Base.metadata.tables)


def test_a_database_that_cannot_be_reached_is_told_in_one_line():
    done = run(UPGRADE, DATABASE_URL="postgresql://u@127.0.0.1:1/db", check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
