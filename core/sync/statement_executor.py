# Generated from core/aio/statement_executor.py by tools/unasync.py: do not edit, run "make twins".
"""Statements on a connection, by its driver.

SQLAlchemy makes a statement and compiles it, once. What it does for each execution beyond that is for results of every
kind and costs three times what the driver does: docs/decisions/0016-drivers.md.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy import Dialect, Executable
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from diptych.core.db._compat import call
from diptych.core.db.pool import checkin, checkout, pooled_connection
from diptych.core.engine.compiled_statement import Row, Values, compile_cached
from diptych.core.observability.db_timing import add_database_time

T = TypeVar("T")


class Executor:
    """Executes statements on one connection, in the transaction that it is in, if it is in one."""

    def __init__(self, connection: PoolProxiedConnection, dialect: Dialect) -> None:
        self.dialect = dialect
        self._connection = connection
        self._driver: Any = connection.driver_connection

    def all(self, statement: Executable, values: Values) -> list[Row]:
        """The rows that it returns, all of them; values: of its parameters. Errors: DBAPIError."""
        known = compile_cached(statement, self.dialect)
        return known.read(self._execute(*known.bound(values), returning=True))

    def first(self, statement: Executable, values: Values) -> Row | None:
        """The first of the rows that it returns. Errors: as `all`."""
        rows = self.all(statement, values)
        return rows[0] if rows else None

    def run(self, statement: Executable, values: Values) -> None:
        """Execute a statement that returns no rows. Errors: as `all`."""
        self._execute(*compile_cached(statement, self.dialect).bound(values), returning=False)

    def _execute(self, text: str, parameters: Any, *, returning: bool) -> list[Row]:
        began = perf_counter()
        try:
            cursor = self._driver.execute(text, parameters)
            rows: list[Row] = cursor.fetchall() if returning else []
            if self.dialect.name == "sqlite":
                cursor.close()
        except self.dialect.loaded_dbapi.Error as error:
            raise self._wrapped(error, text) from error
        finally:
            add_database_time(began)
        return rows

    def _wrapped(self, error: Any, text: str) -> DBAPIError:
        """The error as it is raised; a connection that was lost is not used again."""
        lost = self.dialect.is_disconnect(error, self._driver, None)
        if lost:
            call(self._connection.invalidate, error)
        return _as_sqlalchemy(error, self.dialect, text, lost=lost)


def run_on_connection(engine: Engine, work: Callable[[Executor], T]) -> T:
    """What `work` makes of a connection from the pool without a transaction: each statement stands for itself.

    Errors: DBAPIError where there is no connection to be had.
    """
    try:
        connection = checkout(engine)
    except engine.dialect.loaded_dbapi.Error as error:
        raise _as_sqlalchemy(error, engine.dialect) from error
    try:
        return work(Executor(connection, engine.dialect))
    finally:
        checkin(connection)


def _as_sqlalchemy(error: Exception, dialect: Dialect, text: str | None = None, *, lost: bool = False) -> DBAPIError:
    """A driver's error as SQLAlchemy would have raised it."""
    found = DBAPIError.instance(text, None, error, dialect.loaded_dbapi.Error, True, lost, dialect)
    assert isinstance(found, DBAPIError)  # noqa: S101 - as the error is the driver's
    return found


def executor_on(connection: Connection) -> Executor:
    """What executes in a connection's transaction, beside it."""
    return Executor(pooled_connection(connection), connection.dialect)


def executor_of(session: Session) -> Executor:
    """What executes in a session's transaction, beside it: what the session has not flushed is not there."""
    return executor_on(session.connection())
