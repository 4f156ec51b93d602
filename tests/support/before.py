"""Databases of earlier applications, and dumps of whole databases."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine

from diptych.core.db.config import connection_string
from diptych.core.settings import Settings
from tests.support.databases import ROOT, run

BEFORE = ROOT / "tests" / "migrations" / "before"


def engine(url: str) -> Engine:
    """Create an engine that changes no settings of a SQLite file."""
    return create_engine(connection_string(Settings(database_url=url)))


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Open a transaction, committed unless its block raises."""
    made = engine(url)
    try:
        with made.begin() as connection:
            yield connection
    finally:
        made.dispose()


def execute(url: str, *statements: str) -> None:
    """Run SQL in one transaction."""
    with connected(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of a SELECT, with the driver's values."""
    with connected(url) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(statement)]


def make(application: str, url: str, directory: Path, *, kept: bool, authors: int = 3) -> str:
    """Have an earlier application create its tables, and authors with three books each; return the URL.

    application: a directory of tests/migrations/before. directory: an empty one to run it in. kept: by Flask-Migrate,
    with a revision that it generates; otherwise by create_all.
    """
    shutil.copy2(BEFORE / application / "app.py", directory)
    command = [sys.executable, str(BEFORE / "make.py"), str(authors), *(["kept"] if kept else [])]
    run(command, cwd=directory, OLD_DATABASE_URL=connection_string(Settings(database_url=url)))
    return url


def dump(url: str) -> dict[str, Any]:
    """Return the whole content of a database in comparable form: its schema, and every row."""
    with connected(url) as connection:
        return _of_sqlite(connection) if connection.dialect.name == "sqlite" else _of_postgresql(connection)


def _of_sqlite(connection: Connection) -> dict[str, Any]:
    driver: Any = connection.connection.driver_connection
    driver.text_factory = lambda text: text.decode(errors="surrogateescape")
    return {"sql": list(driver.iterdump())}


def _of_postgresql(connection: Connection) -> dict[str, Any]:
    def all_of(statement: str) -> list[tuple[Any, ...]]:
        return sorted(tuple(map(repr, row)) for row in connection.exec_driver_sql(statement))

    told: dict[str, Any] = {
        "relations": all_of("SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
        "columns": all_of("SELECT * FROM information_schema.columns WHERE table_schema = 'public'"),
        "indexes": all_of("SELECT * FROM pg_indexes WHERE schemaname = 'public'"),
        "constraints": all_of("SELECT conname, conrelid, pg_get_constraintdef(oid) FROM pg_constraint"),
    }
    for (name,) in connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").all():
        told[f"rows of {name}"] = all_of(f'SELECT t::text FROM "{name}" t')  # noqa: S608 - a name the database gave
    return told
