"""The database: DATABASE_URL to engines, and the one translation of driver errors into the core's own."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from advanced_alchemy.config import (
    AlembicSyncConfig,
    AsyncSessionConfig,
    EngineConfig,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    SyncSessionConfig,
)
from psycopg.pq import ConnStatus
from psycopg.pq.abc import PGconn
from sqlalchemy import (
    AdaptedConnection,
    CheckConstraint,
    Connection,
    Engine,
    NullPool,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from core import deadlines
from core.connections import at_rest
from core.errors import Behind, CatalogueError, Conflict, Contention, Disconnected, Fault, Invalid, Unavailable
from core.listening import ListeningConnection
from core.models import Base
from core.models.words import FUNCTION
from core.settings import Settings, parse_database_url

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

UPGRADE = 'run "diptych database upgrade"'
"""What to do with a database that is behind."""

DRIVERS = {
    "sync": {"postgresql": "postgresql+psycopg", "sqlite": "sqlite+pysqlite"},
    "async": {"postgresql": "postgresql+psycopg", "sqlite": "sqlite+aiosqlite"},
}

CONNECT_TIMEOUT = 5
"""Seconds to wait for a new connection to PostgreSQL, at most."""

BUSY_TIMEOUT = 5.0
"""Seconds a SQLite writer waits for another."""

BUSY_STEP = 0.1
"""Seconds of that which SQLite itself may wait at a time."""

CHOSEN_BY_THE_CORE = {"slug", "id"}
"""Unique columns whose values the core makes: losing a race for one is a reason to run again, not a client's fault."""


PRAGMAS = ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL")
"""What every connection of the service to SQLite begins with."""

TRANSACTION = "diptych_transaction"
"""The execution option of what a transaction is: WRITE where nothing is said, or SNAPSHOT."""

WRITE, SNAPSHOT = "write", "snapshot"
"""One that writes; and one that only reads, and sees one state."""

_BEGIN = {
    ("postgresql", WRITE): "BEGIN",
    ("postgresql", SNAPSHOT): "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    # With write-ahead logging that is one state.
    ("sqlite", SNAPSHOT): "BEGIN",
}

LOCK_TIMEOUT = "diptych_lock_timeout"
"""The execution option of how many seconds a migration waits for a lock of PostgreSQL's."""

STATEMENT_TIMEOUT = "diptych_statement_timeout"
"""The execution option of how many seconds one statement of a migration takes on PostgreSQL at most."""

_NEW = "diptych_new"
"""In what the pool knows of a connection that nobody has used."""

_NOT_MIGRATED = f"The database has not been migrated: {UPGRADE}."
_REFERENCE = "Another row depends on this, or a row it refers to is gone."

_SQLITE_OUTAGES = tuple(f"SQLITE_{name}" for name in ("CANTOPEN", "CORRUPT", "FULL", "IOERR", "NOTADB", "READONLY"))

_OUTAGES = {"08", "28", "53", "57", "58"}
"""SQLSTATE classes: connection, authorization, resources, operator intervention (timeouts too), system."""


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
    """Check that SQLite's file is there, which connecting would make. Errors: Unavailable."""
    url = parse_database_url(settings.database_url)
    if url.drivername == "sqlite" and "uri" not in url.query and not Path(str(url.database)).is_file():
        raise Unavailable(f"There is no database {url.database}.")


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
    _prepare(config.get_engine())
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
    _prepare(config.get_engine().sync_engine)
    return config


@contextmanager
def inspecting(settings: Settings) -> Iterator[Connection]:
    """A connection that sees one state of the database and can write nothing: no file of SQLite's is made either.

    Errors: Unavailable where there is no such file; what SQLAlchemy raises.
    """
    require_file(settings)
    engine = create_engine(
        connection_string(settings, "sync"),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=_engine_config(settings).connect_args,
    )
    _prepare(engine, ("query_only=ON",))
    begin_by_hand(engine)
    with engine.execution_options(**{TRANSACTION: SNAPSHOT}).connect() as connection:
        yield connection


@contextmanager
def changing(settings: Settings) -> Iterator[Connection]:
    """A connection in one transaction, committed at the end of the block.

    Errors: Unavailable where SQLite has no such file; what SQLAlchemy raises.
    """
    require_file(settings)
    engine = sync_config(settings).get_engine()
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _prepare(engine: Engine, pragmas: Iterable[str] = PRAGMAS) -> None:
    deadlines.guard(engine)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, pragmas)
    else:
        _prepare_postgresql(engine)


def pooled_connection(connection: Connection | AsyncConnection) -> PoolProxiedConnection:
    """The pool's connection that one of SQLAlchemy's has in use."""
    if isinstance(connection, AsyncConnection):
        connection = connection.sync_connection  # type: ignore[assignment]
    return connection.connection


def _prepare_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "checkout")
    def check(_connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        """Take another connection where the server has closed this one, which it tells when it stops."""
        driver: Any = entry.driver_connection
        # A new one that is closed at once is an outage, which whoever uses it finds out.
        if not entry.info.pop(_NEW, False) and _closed(driver):
            raise DisconnectionError("closed by the server")

    @event.listens_for(engine, "connect")
    def configure(connection: Any, entry: ConnectionPoolEntry) -> None:
        """Prepare no statements behind a pooler, which may run the next transaction in another session.

        A pooler gives its clients numbers of its own for the session, by which they can cancel. Where there is none, a
        session can be told in which zone times are wanted: then none has to be carried over.
        """
        driver: Any = entry.driver_connection
        entry.info[_NEW] = True
        cursor = connection.cursor()
        cursor.execute("SELECT pg_backend_pid()")
        if cursor.fetchone()[0] != driver.info.backend_pid:
            driver.prepare_threshold = None
        else:
            cursor.execute("SET TIME ZONE 'UTC'")
        cursor.close()
        connection.commit()


def _closed(driver: Any) -> bool:
    """Whether a connection that nobody uses has been closed by the server, which may have said why before.

    It is read twice, what was said and then the end. A poll would have Python give way to another thread each time.
    """
    connection: PGconn = driver.pgconn
    try:
        if connection.status == ConnStatus.OK and not getattr(driver, "silent", False):
            connection.consume_input()
            connection.consume_input()
    except psycopg.OperationalError:
        return True
    return connection.status != ConnStatus.OK


def _prepare_sqlite(engine: Engine, pragmas: Iterable[str]) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    _begin_as_told(engine)


def begin_by_hand(engine: Engine | AsyncEngine) -> None:
    """Have the execution option TRANSACTION say how an engine's transactions begin, on PostgreSQL as on SQLite.

    psycopg begins one with whatever is executed. SQLAlchemy's option `isolation_level` tells it otherwise, and takes
    it back, each time a connection is used: a read then costs half as much again.
    """
    if isinstance(engine, AsyncEngine):
        engine = engine.sync_engine
    if engine.dialect.name == "sqlite":
        return

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.autocommit = True

    _begin_as_told(engine)
    rollback = engine.dialect.do_rollback

    def roll_back(connection: Any) -> None:
        # As psycopg would find out itself, with its lock, and where it is asynchronous with a task's switch.
        if not at_rest(connection.driver_connection):
            rollback(connection)

    def close(connection: Any) -> None:
        # As psycopg does, which waits for nothing then: so it can be done where nothing could be waited for.
        driver: Any = engine.dialect.get_driver_connection(connection)
        (driver if isinstance(driver, ListeningConnection) else driver.pgconn).finish()

    engine.dialect.do_rollback = roll_back  # type: ignore[assignment]
    engine.dialect.do_close = close  # type: ignore[method-assign,assignment]


def _begin_as_told(engine: Engine) -> None:
    dialect = engine.dialect.name

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        kind = options.get(TRANSACTION, WRITE)
        if options.get("isolation_level") == "AUTOCOMMIT":
            return
        if (statement := _BEGIN.get((dialect, kind))) is not None:
            connection.exec_driver_sql(statement)
        else:
            _begin_immediate(connection)


def _begin_immediate(connection: Connection) -> None:
    """Take SQLite's write lock at once: who began by reading could never get it while another holds it.

    The waiting is done here and not in SQLite, which holds the connection's mutex all the while. Python's garbage
    collector may want that mutex, to finalize a cursor, in the very thread that holds the lock everyone waits for.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            name = getattr(error.orig, "sqlite_errorname", "")
            if not name.startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            deadlines.check()
            _pause(connection, random.uniform(0.001, 0.02))  # noqa: S311 - nothing secret
        else:
            return


def _pause(connection: Connection, seconds: float) -> None:
    driver: Any = connection.connection.dbapi_connection
    if isinstance(driver, AdaptedConnection):
        driver.run_async(lambda _: asyncio.sleep(seconds))
    else:
        time.sleep(seconds)


def translate(error: SQLAlchemyError) -> CatalogueError | None:
    """What an error of the database means here; None where it can only be a mistake of the core's own.

    By SQLSTATE on PostgreSQL and by extended result code on SQLite: never by an exception's class alone, because
    drivers and libraries file outages and conflicts under the same ones.
    """
    if isinstance(error, PoolTimeout):
        return Unavailable("Every database connection is in use.")
    if not isinstance(error, DBAPIError):
        return None
    if error.connection_invalidated:
        return Disconnected("The connection to the database was lost.")
    match error.orig:
        case psycopg.Error() as original:
            return _of_postgresql(original)
        case sqlite3.Error() as original:
            return _of_sqlite(original)
    return None


def one_line(error: CatalogueError | DBAPIError) -> str:
    """What went wrong with a database, for an operator: its own words are told with ours."""
    ours = error.detail if isinstance(error, CatalogueError) else ""
    cause = error.__cause__ if isinstance(error, CatalogueError) else error
    theirs = str(cause.orig).strip().partition("\n")[0] if isinstance(cause, DBAPIError) else ""
    return f"{ours} {theirs}".strip()


def _of_postgresql(error: psycopg.Error) -> CatalogueError | None:
    match error.sqlstate:
        case "42P01":
            return Behind(_NOT_MIGRATED)
        case "42883" if FUNCTION in str(error):
            return Behind(_NOT_MIGRATED)
        case "40001" | "40P01":
            return Contention("Other writers were busy with the same rows.")
        case str(state) if state.startswith("23"):
            return _violated(state, error.diag.constraint_name)
    outage = _outage_of_postgresql(error)
    return Unavailable(outage) if outage else None


def _violated(state: str, constraint: str | None) -> CatalogueError | None:
    match state:
        case "23505":
            return _taken(_constrained(constraint))
        case "23503" | "23001":
            return Conflict(_REFERENCE)
        case "23514":
            return _refused(constraint)
    return None


def _outage_of_postgresql(error: psycopg.Error) -> str | None:
    match error.sqlstate:
        case None if isinstance(error, psycopg.OperationalError):
            return "The database cannot be reached."
        case "57014":
            return deadlines.TOO_LONG
        case str(state) if state[:2] in _OUTAGES or state in ("25006", "55P03", "3D000"):
            return "The database cannot serve this now."
    return None


def _of_sqlite(error: sqlite3.Error) -> CatalogueError | None:
    match getattr(error, "sqlite_errorname", None):
        case "SQLITE_ERROR" if str(error).startswith("no such table"):
            return Behind(_NOT_MIGRATED)
        case str(name) if name.startswith("SQLITE_CONSTRAINT"):
            # "UNIQUE constraint failed: book.isbn, ..." is all that SQLite tells.
            return _violated_in_sqlite(name, str(error).partition(": ")[2])
        case str(name) if outage := _outage_of_sqlite(name):
            return Unavailable(outage)
    return None


def _violated_in_sqlite(name: str, what: str) -> CatalogueError | None:
    match name:
        case "SQLITE_CONSTRAINT_UNIQUE" | "SQLITE_CONSTRAINT_PRIMARYKEY":
            return _taken([column.partition(".")[2] for column in what.split(", ")])
        case "SQLITE_CONSTRAINT_FOREIGNKEY" | "SQLITE_CONSTRAINT_TRIGGER":
            # The second is how SQLite reports ON DELETE RESTRICT.
            return Conflict(_REFERENCE)
        case "SQLITE_CONSTRAINT_CHECK":
            return _refused(what)
    return None


def _outage_of_sqlite(name: str) -> str | None:
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "The database is busy with other writers."
    if name == "SQLITE_INTERRUPT":
        return deadlines.TOO_LONG
    if name.startswith(_SQLITE_OUTAGES):
        return "The database cannot serve this now."
    return None


def _constrained(constraint: str | None) -> list[str]:
    """The columns of a unique or primary key constraint, by the name the models gave it."""
    for table in Base.metadata.tables.values():
        if table.primary_key.name == constraint:
            return list(table.primary_key.columns.keys())
        for item in table.constraints:
            if isinstance(item, UniqueConstraint) and item.name == constraint:
                return list(item.columns.keys())
    return []


def _refused(constraint: str | None) -> CatalogueError:
    """What failing a CHECK means: those of the models name the columns that they are about."""
    faults = [
        Fault("refused", "the database has a rule against this value", path=(column.key,))
        for table in Base.metadata.tables.values()
        for item in table.constraints
        if isinstance(item, CheckConstraint) and item.name == constraint
        for column in table.columns
        if re.search(rf"\b{column.key}\b", str(item.sqltext))
    ]
    return Invalid("The database has a rule against this.", faults)


def _taken(columns: list[str]) -> CatalogueError:
    if CHOSEN_BY_THE_CORE.intersection(columns):
        return Contention("Other writers were busy with the same names.")
    faults = [taken(column) for column in columns]
    return Conflict("Something with this value exists already.", faults)


def taken(*path: str | int) -> Fault:
    """The fault of a value that must be unique and is not."""
    return Fault("taken", "another has this value already", path=path)
