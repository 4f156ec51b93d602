"""SQLAlchemy's psycopg dialects, with three additions.

They measure time, fail a commit that was not confirmed, and do not wait needlessly to roll back or to close.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Dialect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg, PGDialectAsync_psycopg
from sqlalchemy.engine.default import DefaultDialect

from diptych.core.db import commit_confirmation
from diptych.core.db.pool import is_idle
from diptych.core.observability.db_timing import TimedDialect
from diptych.core.tuning.listening_connection import ListeningConnection


class _Connections(DefaultDialect):
    """Skip the rollback of idle connections, and close connections without waiting."""

    def do_rollback(self, dbapi_connection: Any) -> None:
        # psycopg would check the same, but takes its lock for it, and in async code yields to the loop.
        if not is_idle(dbapi_connection.driver_connection):
            super().do_rollback(dbapi_connection)  # type: ignore[no-untyped-call]

    def do_close(self, dbapi_connection: Any) -> None:
        # psycopg's close does not wait, so the connection can be closed where nothing can be awaited.
        driver: Any = self.get_driver_connection(dbapi_connection)
        (driver if isinstance(driver, ListeningConnection) else driver.pgconn).finish()


class _ConfirmedCommits(DefaultDialect):
    """Fail where a commit, or a statement that committed by itself, was not confirmed by the synchronous standby."""

    def do_execute(self, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> None:
        super().do_execute(cursor, statement, parameters, context)  # type: ignore[no-untyped-call]
        _check_statement(context)

    def do_execute_no_params(self, cursor: Any, statement: Any, context: Any = None) -> None:
        super().do_execute_no_params(cursor, statement, context)  # type: ignore[no-untyped-call]
        _check_statement(context)

    def do_executemany(self, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> None:
        super().do_executemany(cursor, statement, parameters, context)  # type: ignore[no-untyped-call]
        _check_statement(context)

    def do_commit(self, dbapi_connection: Any) -> None:
        commit_confirmation.forget(dbapi_connection.driver_connection)
        super().do_commit(dbapi_connection)  # type: ignore[no-untyped-call]
        commit_confirmation.check(dbapi_connection.driver_connection)


def _check_statement(context: Any) -> None:
    if context is not None:
        commit_confirmation.check(context.root_connection.connection.driver_connection)


class PostgresqlDialect(TimedDialect, _ConfirmedCommits, _Connections, PGDialect_psycopg):
    """The dialect of the sync engine."""

    supports_statement_cache = True

    @classmethod
    def get_async_dialect_cls(cls, url: URL) -> type[Dialect]:  # noqa: ARG003 - SQLAlchemy's signature
        return AsyncPostgresqlDialect


class AsyncPostgresqlDialect(TimedDialect, _ConfirmedCommits, _Connections, PGDialectAsync_psycopg):
    """The dialect of the async engine."""

    supports_statement_cache = True
