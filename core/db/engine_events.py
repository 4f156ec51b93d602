"""What engines are made ready with: how their connections are set up and looked after, and how transactions begin."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.pq import ConnStatus
from psycopg.pq.abc import PGconn
from sqlalchemy import AdaptedConnection, Connection, Engine, event
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

from diptych.core.db import deadlines
from diptych.core.db.async_connection import ListeningConnection
from diptych.core.db.pool import is_idle

BUSY_TIMEOUT = 5.0
"""Seconds a SQLite writer waits for another."""

BUSY_STEP = 0.1
"""Seconds of that which SQLite itself may wait at a time."""

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

_NEW = "diptych_new"
"""In what the pool knows of a connection that nobody has used."""


def prepare(engine: Engine, pragmas: Iterable[str] = PRAGMAS) -> None:
    """Have an engine's connections set up, looked after, and cut off at deadlines."""
    deadlines.guard(engine)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, pragmas)
    else:
        _prepare_postgresql(engine)


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


def use_explicit_begin(engine: Engine | AsyncEngine) -> None:
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
        if not is_idle(connection.driver_connection):
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
