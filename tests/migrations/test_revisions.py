"""The position of a database in the history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, create_engine, inspect

from diptych.core.database import sync_config
from diptych.core.db import schema_version
from diptych.core.db.config import connection_string
from diptych.core.db.schema_version import MIGRATIONS
from diptych.core.settings import Settings
from tests.support.databases import BACKENDS, Databases

both = pytest.mark.parametrize("backend", BACKENDS)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = create_engine(connection_string(Settings(database_url=url)))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def test_the_head_is_the_newest_file_of_the_history():
    names = [path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py")]
    assert schema_version.head() == max(re.split("_", name)[0] for name in names)


@both
def test_a_migrated_database_is_at_the_head(databases: Databases, backend: str):
    with connected(databases.migrated(backend)) as connection:
        assert schema_version.current(connection) == (schema_version.head(),)


@both
def test_an_empty_database_is_at_no_revision_and_stays_empty(databases: Databases, backend: str):
    url = databases.empty(backend)
    with connected(url) as connection:
        assert schema_version.current(connection) == ()
    with connected(url) as connection:
        assert inspect(connection).get_table_names() == []


def test_a_database_may_be_at_two_revisions(databases: Databases):
    with connected(databases.migrated("sqlite")) as connection:
        connection.exec_driver_sql("INSERT INTO alembic_versions VALUES ('0000')")
        assert schema_version.current(connection) == ("0000", schema_version.head())


def test_a_revision_that_another_one_comes_after_is_not_a_second_one():
    first, *_, last = sorted(schema_version.history())

    assert schema_version.overlapping([first, last]) == [first]
    assert schema_version.overlapping([last]) == []
    assert schema_version.overlapping(["another release's", last]) == []


def test_the_version_table_is_the_one_that_migrations_write():
    config = sync_config(Settings(database_url="sqlite:///x.db"))
    assert config.alembic_config.version_table_name == schema_version.VERSION_TABLE
