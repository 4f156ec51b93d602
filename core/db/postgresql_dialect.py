"""SQLAlchemy's psycopg dialects, with timing, and with a rollback and a close that do not wait needlessly."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Dialect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg, PGDialectAsync_psycopg
from sqlalchemy.engine.default import DefaultDialect

from diptych.core.db.async_connection import ListeningConnection
from diptych.core.db.pool import is_idle
from diptych.core.observability.db_timing import TimedDialect


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


class PostgresqlDialect(TimedDialect, _Connections, PGDialect_psycopg):
    """The dialect of the sync engine."""

    supports_statement_cache = True

    @classmethod
    def get_async_dialect_cls(cls, url: URL) -> type[Dialect]:  # noqa: ARG003 - SQLAlchemy's signature
        return AsyncPostgresqlDialect


class AsyncPostgresqlDialect(TimedDialect, _Connections, PGDialectAsync_psycopg):
    """The dialect of the async engine."""

    supports_statement_cache = True
