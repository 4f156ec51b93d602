"""Execute statements by the driver of a connection.

SQLAlchemy builds and compiles each statement once. Its own execution, which supports every kind of result, costs three
times as much as the driver's: docs/decisions/0016-drivers.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy import Dialect, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.asyncio.engine import AsyncConnection, AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection

from diptych.core.db import commit_confirmation
from diptych.core.db._compat import call_async
from diptych.core.db.pool import checkin_async, checkout_async, pooled_connection
from diptych.core.db.raw_cursors import raw_cursor_of
from diptych.core.engine.compiled_statement import Row, Values, compile_cached
from diptych.core.observability.db_timing import add_database_time

T = TypeVar("T")


class Executor:
    """Executes statements on one connection, in its current transaction, if any."""

    def __init__(self, connection: PoolProxiedConnection, dialect: Dialect) -> None:
        self.dialect = dialect
        self._connection = connection
        self._driver: Any = connection.driver_connection
        self._raw_cursor = raw_cursor_of(self._driver)

    async def all(self, statement: Executable, values: Values) -> list[Row]:
        """Return all rows of a statement. values: of its parameters. Errors: DBAPIError."""
        known = compile_cached(statement, self.dialect, raw=self._raw_cursor is not None)
        return known.read(await self._execute(*known.bound(values), returning=True))

    async def first(self, statement: Executable, values: Values) -> Row | None:
        """Return the first row of a statement, or None. Errors: as `all`."""
        rows = await self.all(statement, values)
        return rows[0] if rows else None

    async def run(self, statement: Executable, values: Values) -> None:
        """Execute a statement that returns no rows. Errors: as `all`."""
        known = compile_cached(statement, self.dialect, raw=self._raw_cursor is not None)
        await self._execute(*known.bound(values), returning=False)

    async def _execute(self, text: str, parameters: Any, *, returning: bool) -> list[Row]:
        began = perf_counter()
        try:
            executing = self._driver if self._raw_cursor is None else self._raw_cursor(self._driver)
            cursor = await executing.execute(text, parameters)
            rows: list[Row] = await cursor.fetchall() if returning else []
            if self.dialect.name == "sqlite":
                await cursor.close()
            commit_confirmation.check(self._driver)
        except self.dialect.loaded_dbapi.Error as error:
            raise await self._wrapped(error, text) from error
        finally:
            add_database_time(began)
        return rows

    async def _wrapped(self, error: Any, text: str) -> DBAPIError:
        """Return the error to raise; invalidate the connection if it was lost."""
        lost = self.dialect.is_disconnect(error, self._driver, None)
        if lost:
            await call_async(self._connection.invalidate, error)
        return _as_sqlalchemy(error, self.dialect, text, lost=lost)


async def run_on_connection(engine: AsyncEngine, work: Callable[[Executor], Awaitable[T]]) -> T:
    """Run `work` on a connection from the pool without a transaction: each statement commits by itself.

    Errors: DBAPIError if no connection can be opened.
    """
    try:
        connection = await checkout_async(engine)
    except engine.dialect.loaded_dbapi.Error as error:
        raise _as_sqlalchemy(error, engine.dialect) from error
    try:
        return await work(Executor(connection, engine.dialect))
    finally:
        await checkin_async(connection)


def _as_sqlalchemy(error: Exception, dialect: Dialect, text: str | None = None, *, lost: bool = False) -> DBAPIError:
    """Return a driver's error as SQLAlchemy would have raised it."""
    found = DBAPIError.instance(text, None, error, dialect.loaded_dbapi.Error, True, lost, dialect)
    assert isinstance(found, DBAPIError)  # noqa: S101 - as the error is the driver's
    return found


def executor_on(connection: AsyncConnection) -> Executor:
    """Return an executor in the transaction of a connection."""
    return Executor(pooled_connection(connection), connection.dialect)


async def executor_of(session: AsyncSession) -> Executor:
    """Return an executor in the transaction of a session; it does not see changes that are not flushed."""
    return executor_on(await session.connection())
