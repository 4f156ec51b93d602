"""Engine events: how connections are set up and checked, and how transactions begin."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.pq import ConnStatus
from psycopg.pq.abc import PGconn
from sqlalchemy import AdaptedConnection, Connection, Engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

from diptych.core import deadline as request_deadline
from diptych.core.db import change_source, commit_confirmation, deadlines
from diptych.core.db.hosts import Hosts
from diptych.core.observability.db_timing import add_database_time

BUSY_TIMEOUT = 5.0
"""Seconds that a SQLite writer waits for another."""

BUSY_STEP = 0.1
"""Busy timeout of SQLite itself, in seconds; the rest of BUSY_TIMEOUT is retried in Python."""

PRAGMAS = ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL")
"""The PRAGMAs of every SQLite connection of the service."""

TRANSACTION = "diptych_transaction"
"""Execution option: the kind of transaction, WRITE (the default) or SNAPSHOT."""

WRITE, SNAPSHOT = "write", "snapshot"
"""A read-write transaction, and a read-only one that sees one snapshot."""

_BEGIN = {
    ("postgresql", WRITE): "BEGIN",
    ("postgresql", SNAPSHOT): "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    # With write-ahead logging a plain BEGIN gives a snapshot.
    ("sqlite", SNAPSHOT): "BEGIN",
}

_NEW = "diptych_new"
"""Key in the pool entry's `info` of a connection that has never been used."""


def prepare(engine: Engine, pragmas: Iterable[str] = PRAGMAS) -> None:
    """Register the events that set up and check an engine's connections and enforce deadlines."""
    if engine.dialect.name == "sqlite":
        deadlines.guard(engine)
        _prepare_sqlite(engine, pragmas)
    else:
        hosts = Hosts(engine)
        deadlines.guard(engine, hosts.cut)
        _prepare_postgresql(engine, hosts)


def _prepare_postgresql(engine: Engine, hosts: Hosts) -> None:
    @event.listens_for(engine, "checkout")
    def check(_connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        """Replace a pooled connection that the server has closed, or whose host has been given up."""
        driver: Any = entry.driver_connection
        # A new connection that is closed at once is an outage, which its user reports.
        if not entry.info.pop(_NEW, False) and (hosts.is_given_up(entry) or _closed(driver)):
            raise DisconnectionError("closed by the server, or its host does not respond")

    @event.listens_for(engine, "connect")
    def configure(connection: Any, entry: ConnectionPoolEntry) -> None:
        """Disable prepared statements behind a pooler, which may run the next transaction in another session.

        A pooler is detected by its backend pid, which differs from the session's. Without a pooler the session's time
        zone is set to UTC, so that no value has to be converted.
        """
        driver: Any = entry.driver_connection
        entry.info[_NEW] = True
        commit_confirmation.listen(driver)
        cursor = connection.cursor()
        cursor.execute("SELECT pg_backend_pid()")
        if cursor.fetchone()[0] != driver.info.backend_pid:
            driver.prepare_threshold = None
        else:
            cursor.execute("SET TIME ZONE 'UTC'")
        cursor.close()
        connection.commit()

    @event.listens_for(engine, "begin")
    def attribute(connection: Connection) -> None:
        """Set the attribution of a transaction that psycopg begins by itself, with its first statement."""
        driver: Any = connection.connection.dbapi_connection
        if not driver.autocommit and (statement := change_source.statement()):
            connection.exec_driver_sql(statement)


def _closed(driver: Any) -> bool:
    """Return whether the server has closed an idle connection, perhaps after a message that says why.

    It reads twice, the message and then the end of file. Polling would release the GIL each time.
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

    _begin_by_option(engine)

    @event.listens_for(engine, "commit")
    def forget(connection: Connection) -> None:
        """Remove the attribution of a transaction before its commit: it does not hold for the next one."""
        if change_source.was_attributed(connection):
            _run(connection, change_source.FORGET)


def use_explicit_begin(engine: Engine | AsyncEngine) -> None:
    """Let the execution option TRANSACTION decide how an engine's transactions begin, on PostgreSQL and SQLite.

    psycopg's default begins one with any statement. Per-checkout `isolation_level` adds about 50 % to a read, so
    connections stay in autocommit.
    """
    if isinstance(engine, AsyncEngine):
        engine = engine.sync_engine
    if engine.dialect.name == "sqlite":
        return

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.autocommit = True

    _begin_by_option(engine)


def _begin_by_option(engine: Engine) -> None:
    dialect = engine.dialect.name

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        kind = options.get(TRANSACTION, WRITE)
        if options.get("isolation_level") == "AUTOCOMMIT":
            return
        statement = _BEGIN.get((dialect, kind))
        if statement is None:
            _begin_immediate(connection)
        elif kind == WRITE and (attributing := change_source.statement()):
            # One message: the second statement costs no round trip.
            connection.exec_driver_sql(f"{statement}; {attributing}")
        else:
            connection.exec_driver_sql(statement)


def _begin_immediate(connection: Connection) -> None:
    """Take SQLite's write lock at once: a transaction that begins by reading cannot get it while another holds it.

    The retries are in Python, because SQLite holds the connection's mutex while it waits. The garbage collector may
    need that mutex to finalize a cursor, in the very thread that holds the write lock.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT
    attributing = change_source.of_sqlite()
    statements = ["BEGIN IMMEDIATE", *([] if attributing is None else [attributing])]
    while True:
        try:
            _run(connection, *statements)
        except OperationalError as error:
            name = getattr(error.orig, "sqlite_errorname", "")
            if not name.startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            request_deadline.check()
            _pause(connection, random.uniform(0.001, 0.02))  # noqa: S311 - nothing secret
        else:
            change_source.remember(connection, attributed=attributing is not None)
            return


def _run(connection: Connection, *statements: str) -> None:
    """Run statements that return nothing on SQLite, with one visit to the thread of an asynchronous driver.

    SQLAlchemy visits it four times for each. Errors: DBAPIError.
    """
    driver: Any = connection.connection.dbapi_connection
    began = time.perf_counter()
    try:
        if not isinstance(driver, AdaptedConnection):
            for statement in statements:
                driver.execute(statement)
        elif len(statements) == 1:
            driver.run_async(lambda actual: actual.execute(statements[0]))
        else:
            driver.run_async(lambda actual: actual.executescript("; ".join(statements)))
    except sqlite3.Error as error:
        if len(statements) > 1:
            # What began the transaction may have been done.
            connection.connection.rollback()
        raise DBAPIError.instance(
            statements[0], None, error, connection.dialect.loaded_dbapi.Error, True, False, connection.dialect
        ) from error
    finally:
        add_database_time(began)


def _pause(connection: Connection, seconds: float) -> None:
    driver: Any = connection.connection.dbapi_connection
    if isinstance(driver, AdaptedConnection):
        driver.run_async(lambda _: asyncio.sleep(seconds))
    else:
        time.sleep(seconds)
