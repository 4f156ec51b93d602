"""How PostgreSQL executes a statement of the service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from psycopg import RawCursor
from sqlalchemy import Connection, Executable

from diptych.core.engine.compiled_statement import compile_cached


def rows_read(connection: Connection, statement: Executable, values: Mapping[str, Any], table: str) -> float:
    """Execute a statement, and return how many rows of a table its plan has read."""
    text, bound = compile_cached(statement, connection.dialect, raw=True).bound(values)
    driver: Any = connection.connection.driver_connection
    [[[plan]]] = RawCursor(driver).execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", bound).fetchall()
    return sum(_rows_read(plan["Plan"], table))


def _rows_read(step: dict[str, Any], table: str) -> Iterator[float]:
    if step.get("Relation Name") == table:
        yield step["Actual Loops"] * (step["Actual Rows"] + step.get("Rows Removed by Filter", 0))
    for each in step.get("Plans", ()):
        yield from _rows_read(each, table)
