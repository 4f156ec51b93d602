"""Open the databases of an adoption, each in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event

from diptych.core.database import sync_config
from diptych.core.db import migration_lock
from diptych.core.db.config import CONNECT_TIMEOUT, DRIVERS, connection_string
from diptych.core.settings import Settings, parse_database_url

LOCK_TIMEOUT = 5
"""Seconds to wait for locks on the old tables."""

BUSY_TIMEOUT = 60
"""Seconds to wait for other writers of a SQLite file."""


def missing_file(settings: Settings) -> bool:
    """Return whether the database is a SQLite file that does not exist."""
    url = parse_database_url(settings.database_url)
    return url.drivername == "sqlite" and not Path(str(url.database)).exists()


@contextmanager
def changing(settings: Settings, *, dry_run: bool) -> Iterator[Connection]:
    """Open the transaction that changes the database; a dry run reads a snapshot and is rolled back."""
    engine = _engine(settings, alone=not dry_run)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ" if dry_run else "READ COMMITTED")
                if not dry_run:
                    migration_lock.lock(connection)
                migration_lock.without_timeouts(connection)
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}s'")
                _set_formats(connection)
            yield connection
            if dry_run:
                connection.rollback()
            else:
                connection.commit()
    finally:
        engine.dispose()


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """Open a read-only transaction, with one snapshot, of another database. Errors: ValueError for a wrong URL."""
    parsed = parse_database_url(url)
    if parsed.drivername == "sqlite":
        engine = _read_only_file(str(parsed.database))
    else:
        driver = parsed.set(drivername=DRIVERS[parsed.drivername])
        options = {"connect_timeout": CONNECT_TIMEOUT, "application_name": "diptych"}
        engine = create_engine(driver, poolclass=NullPool, hide_parameters=True, connect_args=options)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
                migration_lock.without_timeouts(connection)
                _set_formats(connection)
            yield connection
            connection.rollback()
    finally:
        engine.dispose()


def _set_formats(connection: Connection) -> None:
    """Set the formats of dates and times that the conversions parse."""
    connection.exec_driver_sql("SET LOCAL datestyle = 'ISO, YMD'")
    connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")


def _engine(settings: Settings, *, alone: bool) -> Engine:
    """Create an engine that leaves a SQLite file's settings alone. alone: transactions take the write lock at once."""
    if parse_database_url(settings.database_url).drivername == "postgresql":
        return sync_config(settings).get_engine()
    engine = create_engine(
        connection_string(settings), poolclass=NullPool, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT}
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA foreign_keys=ON")

    _begin_with(engine, "BEGIN IMMEDIATE" if alone else "BEGIN")
    return engine


def _read_only_file(path: str) -> Engine:
    uri = f"{Path(path).absolute().as_uri()}?mode=ro"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT, check_same_thread=False),
        poolclass=NullPool,
        hide_parameters=True,
    )
    _begin_with(engine, "BEGIN")
    return engine


def _begin_with(engine: Engine, statement: str) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)
