"""SQLAlchemy's SQLite dialects, with timing."""

from __future__ import annotations

from sqlalchemy import URL, Dialect
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from diptych.core.observability.db_timing import TimedDialect


class SqliteDialect(TimedDialect, SQLiteDialect_pysqlite):
    """The dialect of the sync engine."""

    supports_statement_cache = True

    @classmethod
    def get_async_dialect_cls(cls, url: URL) -> type[Dialect]:  # noqa: ARG003 - SQLAlchemy's signature
        return AsyncSqliteDialect


class AsyncSqliteDialect(TimedDialect, SQLiteDialect_aiosqlite):
    """The dialect of the async engine."""

    supports_statement_cache = True
