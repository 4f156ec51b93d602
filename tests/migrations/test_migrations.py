"""The migration history, run as an operator runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from diptych.core.catalogue.models import Base
from diptych.core.db.config import connection_string
from diptych.core.settings import Settings
from tests.support.commands import done, refused
from tests.support.databases import BACKENDS, DIPTYCH, ROOT, Databases, environment, run, tables
from tests.support.waiting import PATIENCE

UPGRADE = ("database", "upgrade", "--no-prompt")
DOWNGRADE = ("database", "downgrade", "--no-prompt", "base")
CHECK = ("database", "check")

both = pytest.mark.parametrize("backend", BACKENDS)


@both
def test_the_history_goes_up_down_and_up_again(databases: Databases, backend: str):
    url = databases.empty(backend)
    ours = set(Base.metadata.tables)
    done(url, *UPGRADE)
    assert tables(url) >= ours
    done(url, *DOWNGRADE)
    assert tables(url) & ours == set()
    done(url, *UPGRADE)
    assert tables(url) >= ours


@both
def test_the_models_say_what_the_history_made(databases: Databases, backend: str):
    done(databases.migrated(backend), *CHECK)


@both
def test_a_check_finds_changes_made_by_hand(databases: Databases, backend: str):
    url = databases.migrated(backend)
    engine = create_engine(connection_string(Settings(database_url=url)))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX ix_book_author_id")
    engine.dispose()
    refused(url, *CHECK)


@both
def test_an_upgrade_of_what_is_up_to_date_does_nothing(databases: Databases, backend: str):
    url = databases.migrated(backend)
    before = tables(url)
    done(url, *UPGRADE)
    assert tables(url) == before


@pytest.mark.long
@both
def test_upgrades_at_once_all_succeed(databases: Databases, backend: str):
    url = databases.empty(backend)
    started = [
        subprocess.Popen(
            [*DIPTYCH, *UPGRADE],
            cwd=ROOT,
            env=environment(DATABASE_URL=url),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=PATIENCE)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], "\n".join(told)
    assert tables(url) >= set(Base.metadata.tables)


@pytest.mark.long
@both
def test_the_working_directory_does_not_matter(databases: Databases, backend: str, tmp_path: Path):
    url = databases.empty(backend)
    for command in (UPGRADE, CHECK):
        run([*DIPTYCH, *command], cwd=tmp_path, DATABASE_URL=url, PYTHONPATH=str(ROOT))
    assert list(tmp_path.iterdir()) == []
    assert tables(url) >= set(Base.metadata.tables)


def test_flask_migrates_the_same_database(databases: Databases):
    url = databases.empty("sqlite")
    run([sys.executable, "-m", "flask", "--app", "diptych.flask_app", *UPGRADE], DATABASE_URL=url)
    done(url, *CHECK)


def test_the_directory_of_a_new_sqlite_file_is_made(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/a/b/books.db"
    done(url, *UPGRADE)
    assert tables(url) >= set(Base.metadata.tables)


def test_a_database_that_cannot_be_reached_is_reported_in_one_line():
    told = run([*DIPTYCH, *UPGRADE], DATABASE_URL="postgresql://u@127.0.0.1:1/db", check=False)
    assert told.returncode != 0
    assert "Traceback" not in told.stdout + told.stderr
