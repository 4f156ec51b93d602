"""DATABASE_URL: the driver of each twin, and the SQLite file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import String, make_url
from sqlalchemy.dialects import postgresql

from diptych.core.catalogue.authors import queries as authors
from diptych.core.catalogue.books import queries as books
from diptych.core.catalogue.tags import queries as tags
from diptych.core.database import async_config, sync_config
from diptych.core.db.config import connection_string, make_sqlite_file
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.settings import Settings


@pytest.mark.parametrize(
    ("url", "plain", "aio"),
    [
        ("sqlite:///x.db", "sqlite+pysqlite:///x.db", "aiosqlite"),
        ("sqlite+aiosqlite:////tmp/x.db", "sqlite+pysqlite:////tmp/x.db", "aiosqlite"),
        ("postgresql://u:p%40@h:5/d?a=b", "postgresql+psycopg://u:p%40@h:5/d?a=b", "psycopg"),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d", "psycopg"),
        ("postgresql+asyncpg://u@h/d", "postgresql+psycopg://u@h/d", "psycopg"),
        ("postgresql+psycopg2://u@h/d", "postgresql+psycopg://u@h/d", "psycopg"),
    ],
)
def test_each_twin_gets_its_own_driver_whatever_driver_the_url_names(url: str, plain: str, aio: str):
    settings = Settings(database_url=url)
    assert connection_string(settings) == plain
    name, driver = make_url(plain).drivername.split("+")
    for engine, used in [(sync_config(settings).get_engine(), driver), (async_config(settings).get_engine(), aio)]:
        assert engine.url.set(drivername=f"{name}+{driver}").render_as_string(hide_password=False) == plain
        assert (engine.dialect.name, engine.dialect.driver) == (name, used)
        # Without it, SQLAlchemy would compile each statement again.
        assert engine.dialect.supports_statement_cache


def test_a_database_in_memory_is_refused_because_workers_cannot_share_it():
    for url in ("sqlite://", "sqlite:///:memory:"):
        with pytest.raises(Exception, match="SQLite needs one that all workers share"):
            Settings.from_environ({"DATABASE_URL": url})


def test_the_directory_of_sqlites_file_is_made_and_may_be_there_already(tmp_path: Path):
    settings = Settings(database_url=f"sqlite:///{tmp_path}/a/b/x.db")
    make_sqlite_file(settings)
    make_sqlite_file(settings)
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize("url", ["sqlite:///{}/x.db", "sqlite:///file:{}/x.db?uri=true"])
def test_only_its_user_may_read_a_new_sqlite_file_and_an_existing_one_keeps_its_mode(tmp_path: Path, url: str):
    settings, file = Settings(database_url=url.format(tmp_path)), tmp_path / "x.db"
    before = os.umask(0)
    try:
        make_sqlite_file(settings)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    make_sqlite_file(settings)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_no_repr_has_the_password_in_it():
    settings = Settings(database_url="postgresql://u:hunter2@h/db")
    configs = sync_config(settings), async_config(settings)
    for shown in (settings, *configs, *(config.get_engine() for config in configs)):
        assert "hunter2" not in repr(shown)


def test_nothing_is_made_for_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    make_sqlite_file(Settings(database_url="postgresql://u@h/some/where"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spec", [authors.spec, books.spec, tags.spec], ids=lambda each: each.model.__name__)
def test_text_that_lists_are_ordered_by_has_one_order_whatever_the_locale_of_the_database(spec: ResourceSpec):
    for name, column in spec.order_by.items():
        # A format is one of five words, which every locale puts into the same order.
        if isinstance(column.type, String) and name != "format":
            assert column.type.dialect_impl(postgresql.dialect()).collation == "C", name
