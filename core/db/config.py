"""DATABASE_URL to advanced-alchemy's configurations, and connections for what is not a request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from advanced_alchemy.config import (
    AlembicSyncConfig,
    AsyncSessionConfig,
    EngineConfig,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    SyncSessionConfig,
)
from sqlalchemy import Connection, NullPool, create_engine

from diptych.core.db.async_connection import ListeningConnection
from diptych.core.db.engine_events import BUSY_STEP, SNAPSHOT, TRANSACTION, prepare, use_explicit_begin
from diptych.core.db.schema_version import MIGRATIONS
from diptych.core.engine.entity import Base
from diptych.core.errors import UPGRADE, ServiceUnavailable
from diptych.core.settings import Settings, parse_database_url

DRIVERS = {
    "sync": {"postgresql": "postgresql+psycopg", "sqlite": "sqlite+pysqlite"},
    "async": {"postgresql": "postgresql+psycopg", "sqlite": "sqlite+aiosqlite"},
}

CONNECT_TIMEOUT = 5
"""Seconds to wait for a new connection to PostgreSQL, at most."""

LOCK_TIMEOUT = "diptych_lock_timeout"
"""The execution option of how many seconds a migration waits for a lock of PostgreSQL's."""

STATEMENT_TIMEOUT = "diptych_statement_timeout"
"""The execution option of how many seconds one statement of a migration takes on PostgreSQL at most."""


def connection_string(settings: Settings, kind: str) -> str:
    """The database URL with the driver for `kind`, "sync" or "async"."""
    url = parse_database_url(settings.database_url)
    return url.set(drivername=DRIVERS[kind][url.drivername]).render_as_string(hide_password=False)


def make_directory(settings: Settings) -> None:
    """Make the directory that SQLite's file will be in."""
    url = parse_database_url(settings.database_url)
    if url.drivername == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


def require_file(settings: Settings) -> None:
    """Check that SQLite's file is there, which connecting would make. Errors: ServiceUnavailable."""
    url = parse_database_url(settings.database_url)
    if url.drivername == "sqlite" and "uri" not in url.query and not Path(str(url.database)).is_file():
        raise ServiceUnavailable(f"There is no database {url.database}: {UPGRADE}.")


def _engine_config(settings: Settings, **for_postgresql: Any) -> EngineConfig:
    config = EngineConfig(
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout=settings.pool_timeout,
        pool_recycle=1800,
        pool_use_lifo=True,
        hide_parameters=True,
    )
    if parse_database_url(settings.database_url).drivername == "postgresql":
        connect_timeout = min(CONNECT_TIMEOUT, settings.request_timeout)
        config.connect_args = {"connect_timeout": connect_timeout, "application_name": "diptych", **for_postgresql}
    else:
        config.connect_args = {"timeout": BUSY_STEP}
    config.execution_options = {
        LOCK_TIMEOUT: settings.migration_lock_timeout,
        STATEMENT_TIMEOUT: settings.migration_statement_timeout,
    }
    return config


def sync_config(settings: Settings) -> SQLAlchemySyncConfig:
    """advanced-alchemy's configuration for Flask, for the command line and for migrations."""
    config = SQLAlchemySyncConfig(
        connection_string=connection_string(settings, "sync"),
        engine_config=_engine_config(settings),
        session_config=SyncSessionConfig(expire_on_commit=False, autoflush=False),
        metadata=Base.metadata,
        bind_key="diptych",
        enable_file_object_listener=False,
        enable_touch_updated_timestamp_listener=False,
        # Absolute: nothing depends on the working directory.
        alembic_config=AlembicSyncConfig(
            script_location=str(MIGRATIONS),
            script_config=str(MIGRATIONS / "alembic.ini"),
            compare_type=True,
        ),
    )
    prepare(config.get_engine())
    return config


def async_config(settings: Settings) -> SQLAlchemyAsyncConfig:
    """advanced-alchemy's configuration for Sanic."""
    config = SQLAlchemyAsyncConfig(
        connection_string=connection_string(settings, "async"),
        engine_config=_engine_config(settings, async_creator_fn=ListeningConnection.connect),
        session_config=AsyncSessionConfig(expire_on_commit=False, autoflush=False),
        metadata=Base.metadata,
        bind_key="diptych",
        enable_file_object_listener=False,
        enable_touch_updated_timestamp_listener=False,
    )
    prepare(config.get_engine().sync_engine)
    return config


@contextmanager
def inspecting(settings: Settings) -> Iterator[Connection]:
    """A connection that sees one state of the database and can write nothing: no file of SQLite's is made either.

    Errors: ServiceUnavailable where there is no such file; what SQLAlchemy raises.
    """
    require_file(settings)
    engine = create_engine(
        connection_string(settings, "sync"),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=_engine_config(settings).connect_args,
    )
    prepare(engine, ("query_only=ON",))
    use_explicit_begin(engine)
    with engine.execution_options(**{TRANSACTION: SNAPSHOT}).connect() as connection:
        yield connection


@contextmanager
def changing(settings: Settings) -> Iterator[Connection]:
    """A connection in one transaction, committed at the end of the block.

    Errors: ServiceUnavailable where SQLite has no such file; what SQLAlchemy raises.
    """
    require_file(settings)
    engine = sync_config(settings).get_engine()
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
