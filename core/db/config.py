"""Turn DATABASE_URL into advanced-alchemy's configurations, and open connections for commands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from advanced_alchemy.config import (
    AlembicSyncConfig,
    AsyncSessionConfig,
    EngineConfig,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    SyncSessionConfig,
)
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.dialects import registry

from diptych.core.db.engine_events import BUSY_STEP, SNAPSHOT, TRANSACTION, prepare, use_explicit_begin
from diptych.core.db.schema_version import MIGRATIONS
from diptych.core.engine.entity import Base
from diptych.core.errors import UPGRADE, ServiceUnavailable
from diptych.core.settings import Settings, hosts_of, parse_database_url
from diptych.core.tuning.listening_connection import ListeningConnection

DRIVERS = {"postgresql": "postgresql+psycopg", "sqlite": "sqlite+pysqlite"}
"""SQLAlchemy's own dialects, for an engine that is made for one purpose and closed."""

OWN_DRIVER = "diptych"
"""The name under which SQLAlchemy finds the service's dialects, which are its own and a little more."""

registry.register(f"postgresql.{OWN_DRIVER}", "diptych.core.db.postgresql_dialect", "PostgresqlDialect")
registry.register(f"sqlite.{OWN_DRIVER}", "diptych.core.db.sqlite_dialect", "SqliteDialect")

CONNECT_TIMEOUT = 5
"""Connect timeout for PostgreSQL, in seconds."""

FOR_SEVERAL_HOSTS = {
    "connect_timeout": 2,
    "tcp_user_timeout": 5000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""libpq's parameters for a URL with several hosts: a host that is gone is noticed soon, because another may serve.

Without them, a command whose host disappears would wait for many minutes.
"""

LOCK_TIMEOUT = "diptych_lock_timeout"
"""Execution option: seconds that a migration waits for a lock on PostgreSQL."""

STATEMENT_TIMEOUT = "diptych_statement_timeout"
"""Execution option: seconds that one statement of a migration may take on PostgreSQL."""


@dataclass(eq=False)
class SyncConfig(SQLAlchemySyncConfig):
    """advanced-alchemy's configuration. Its repr lacks the URL, which may have a password in it."""

    connection_string: str | None = field(default=None, repr=False)


@dataclass(eq=False)
class AsyncConfig(SQLAlchemyAsyncConfig):
    """advanced-alchemy's configuration. Its repr lacks the URL, which may have a password in it."""

    connection_string: str | None = field(default=None, repr=False)


def connection_string(settings: Settings) -> str:
    """Return the database URL with the driver of one of SQLAlchemy's own dialects."""
    url = parse_database_url(settings.database_url)
    return url.set(drivername=DRIVERS[url.drivername]).render_as_string(hide_password=False)


def _own_url(settings: Settings) -> str:
    """Return the database URL with the service's own dialect, for an engine of either kind."""
    url = parse_database_url(settings.database_url)
    return url.set(drivername=f"{url.drivername}+{OWN_DRIVER}").render_as_string(hide_password=False)


def make_sqlite_file(settings: Settings) -> None:
    """Create the SQLite file, which only its user may read, and its directory; an existing one stays as it is.

    SQLite gives the files beside it (-wal, -shm) the same permissions; by itself it would let everybody read it.
    """
    url = parse_database_url(settings.database_url)
    if url.drivername != "sqlite" or not url.database:
        return
    path = Path(url.database)
    if "uri" in url.query:
        path = Path(unquote(url.database.removeprefix("file:")))
    path.parent.mkdir(parents=True, exist_ok=True)
    if url.query.get("mode") not in ("ro", "rw"):
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def require_file(settings: Settings) -> None:
    """Check that the SQLite file exists, because connecting would create it. Errors: ServiceUnavailable."""
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
    url = parse_database_url(settings.database_url)
    if url.drivername == "postgresql":
        timeouts: dict[str, Any] = {"connect_timeout": min(CONNECT_TIMEOUT, settings.request_timeout)}
        if len(hosts_of(url)) > 1:
            timeouts |= FOR_SEVERAL_HOSTS
        # What the URL says goes before.
        timeouts = {name: value for name, value in timeouts.items() if name not in url.query}
        config.connect_args = {**timeouts, "application_name": "diptych", **for_postgresql}
    else:
        config.connect_args = {"timeout": BUSY_STEP}
    config.execution_options = {
        LOCK_TIMEOUT: settings.migration_lock_timeout,
        STATEMENT_TIMEOUT: settings.migration_statement_timeout,
    }
    return config


def sync_config(settings: Settings) -> SQLAlchemySyncConfig:
    """Return advanced-alchemy's configuration for Flask, for the command line and for migrations."""
    config = SyncConfig(
        connection_string=_own_url(settings),
        engine_config=_engine_config(settings),
        session_config=SyncSessionConfig(expire_on_commit=False, autoflush=False),
        metadata=Base.metadata,
        bind_key="diptych",
        enable_file_object_listener=False,
        enable_touch_updated_timestamp_listener=False,
        # Absolute, so that it does not depend on the working directory.
        alembic_config=AlembicSyncConfig(
            script_location=str(MIGRATIONS),
            script_config=str(MIGRATIONS / "alembic.ini"),
            compare_type=True,
        ),
    )
    prepare(config.get_engine())
    return config


def async_config(settings: Settings) -> SQLAlchemyAsyncConfig:
    """Return advanced-alchemy's configuration for Sanic."""
    config = AsyncConfig(
        connection_string=_own_url(settings),
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
    """Open a read-only connection with one snapshot of the database; a missing SQLite file is not created.

    Errors: ServiceUnavailable for a missing SQLite file; SQLAlchemy's errors.
    """
    require_file(settings)
    engine = create_engine(
        _own_url(settings),
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
    """Open a connection with one transaction, committed at the end of the block.

    Errors: ServiceUnavailable for a missing SQLite file; SQLAlchemy's errors.
    """
    require_file(settings)
    engine = sync_config(settings).get_engine()
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
