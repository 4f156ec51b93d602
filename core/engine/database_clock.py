"""Times by the clock of the database, which all its clients share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from diptych.core.engine.entity import UtcDateTime


class _seconds_from_now(GenericFunction[datetime]):  # noqa: N801 - an SQL function is named as SQL names them
    type = UtcDateTime(timezone=True)
    inherit_cache = True


@compiles(_seconds_from_now, "postgresql")
def _of_postgresql(element: _seconds_from_now, compiler: SQLCompiler, **options: Any) -> str:
    return f"(clock_timestamp() + make_interval(secs => {compiler.process(element.clauses, **options)}))"


@compiles(_seconds_from_now, "sqlite")
def _of_sqlite(element: _seconds_from_now, compiler: SQLCompiler, **options: Any) -> str:
    # As SQLAlchemy stores times. SQLite's clock has milliseconds.
    seconds = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', {seconds} || ' seconds')"


def seconds_from_now(name: str) -> Any:
    """Return the expression for the time so many seconds from now: the parameter `name`, negative for the past."""
    return _seconds_from_now(bindparam(name, type_=Float))


def current_time() -> Any:
    """Return the expression for the time now."""
    return _seconds_from_now(bindparam(None, 0.0, type_=Float))
