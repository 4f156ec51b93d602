"""Rows for any schema, derived from what the database reports: values at the limits of their types."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Column, Connection, MetaData, Table, inspect

VERSIONS = "alembic_versions"

ROWS = 3
"""Number of rows that `fill` inserts into a table."""

LONG = 5000
"""The length of text in an unlimited column."""

BEYOND_ASCII = "Ünïcødé Ελλάδα Привет 日本語 עברית 𝄞📚 e\u0301 '\"\\% "

Rows = dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]
"""A database's rows: table -> its columns, and the rows."""


def fill(connection: Connection, first: int = 0) -> None:
    """Insert three rows into every table: one with least values and NULL where allowed, one with greatest, one between.

    first: a multiple of three that has not been used; unique values are derived from it.

    Errors: ValueError for an unsupported type.
    """
    metadata = MetaData()
    metadata.reflect(connection, only=sorted(tables(connection)))
    made: dict[str, list[dict[str, Any]]] = {}
    for table in metadata.sorted_tables:
        if table.name != VERSIONS:
            made[table.name] = [_row(table, number, made) for number in range(first, first + ROWS)]
            connection.execute(table.insert(), made[table.name])


def tables(connection: Connection) -> set[str]:
    """Return the tables that applications write to: not SQLite's internal tables of full-text indexes."""
    kept: set[str] = set()
    if connection.dialect.name == "sqlite":
        kept = {name for _, name, kind, *_ in connection.exec_driver_sql("PRAGMA table_list") if kind != "table"}
    return set(inspect(connection).get_table_names()) - kept


def rows(connection: Connection) -> Rows:
    """Return every row with the driver's values, without SQLAlchemy's types."""
    found: Rows = {}
    quote = connection.dialect.identifier_preparer.quote
    for table in sorted(tables(connection) - {VERSIONS}):
        result = connection.exec_driver_sql(f"SELECT * FROM {quote(table)}")  # noqa: S608 - quoted
        found[table] = tuple(result.keys()), [tuple(row) for row in result]
    return found


FILLED_BY_TRIGGERS = {"change", "security_event"}


def changed(before: Rows, after: Rows, *, rewritten: set[str]) -> list[str]:
    """Compare the columns that two states share: "table.column, ...: rows lost, rows come".

    rewritten: columns ("table.column") whose values a revision may change, and tables to which it may add rows. What it
    changes is added to the history.
    """
    rewritten = {*rewritten, *FILLED_BY_TRIGGERS}
    told = []
    for table in sorted(before.keys() & after.keys()):
        columns = [
            column for column in before[table][0] if column in after[table][0] and f"{table}.{column}" not in rewritten
        ]
        old, new = _of(before[table], columns), _of(after[table], columns)
        if table in rewritten:
            new = [row for row in new if row in old]
        if old != new:
            lost, come = [row for row in old if row not in new], [row for row in new if row not in old]
            told.append(f"{table}: {len(old)} rows became {len(new)}; lost {lost}, come {come}")
    return told


def _of(state: tuple[tuple[str, ...], list[tuple[Any, ...]]], columns: list[str]) -> list[str]:
    names, found = state
    places = [names.index(column) for column in columns]
    return sorted(repr([row[place] for place in places]) for row in found)


def _row(table: Table, number: int, made: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    checks = [str(check.sqltext) for check in table.constraints if isinstance(check, sa.CheckConstraint)]
    keys = {element.parent.name for key in table.foreign_key_constraints for element in key.elements}
    row = {
        column.name: _value(column, number, checks)
        for column in table.columns
        if column.computed is None and column.name not in keys and not _is_numbered(column)
    }
    for key in table.foreign_key_constraints:
        for element in key.elements:
            parent = made[element.column.table.name][number % ROWS] if element.column.table is not table else row
            least = number % ROWS == 0 and element.parent.nullable
            row[element.parent.name] = None if least else parent[element.column.name]
    return row


def _is_numbered(column: Column[Any]) -> bool:
    """Return whether the database gives each row the next number."""
    numbers = isinstance(column.type, sa.Integer) and not isinstance(column.type, sa.SmallInteger)
    return column.primary_key and numbers and len(column.table.primary_key.columns) == 1


def _value(column: Column[Any], number: int, checks: list[str]) -> Any:
    if number % ROWS == 0 and column.nullable:
        return None
    choices = _choices(column, checks)
    if choices:
        return choices[number % len(choices)]
    for kind, edges in _EDGES:
        if isinstance(column.type, kind):
            return edges(column.type, number)[number % ROWS]
    raise ValueError(f"{column.table.name}.{column.name}: no values for {column.type!r} yet")


def _texts(type_: sa.String, number: int) -> tuple[Any, ...]:
    if isinstance(type_, sa.CHAR) and type_.length == 32:  # a UUID, on SQLite
        return tuple(each.hex for each in _uuids(None, number))
    texts = (str(number), f"{number} {BEYOND_ASCII * (LONG // len(BEYOND_ASCII) + 1)}", f"{number} {BEYOND_ASCII}")
    return tuple(text[: type_.length or LONG] for text in texts)


def _uuids(_: Any, number: int) -> tuple[UUID, ...]:
    return UUID(int=number), UUID(int=2**128 - 1 - number), UUID(int=(7 << 76) + (2 << 62) + number)


def _integers(bits: int) -> Edges:
    return lambda _, number: (-(2 ** (bits - 1)) + number, 2 ** (bits - 1) - 1 - number, number)


def _decimals(type_: sa.Numeric[Any], number: int) -> tuple[Any, ...]:
    most = Decimal(10) ** ((type_.precision or 20) - (type_.scale or 0)) - 1 - number
    return -most, most, Decimal(number)


def _moments(type_: sa.DateTime, number: int) -> tuple[Any, ...]:
    step = timedelta(microseconds=number)
    moments = datetime.min + step, datetime.max - step, datetime(2024, 2, 29, 12, 30) + step  # noqa: DTZ001, DTZ901
    return tuple(moment.replace(tzinfo=UTC) if type_.timezone else moment for moment in moments)


def _days(_: Any, number: int) -> tuple[Any, ...]:
    step = timedelta(days=number)
    return date.min + step, date.max - step, date(2024, 2, 29) + step


Edges = Callable[[Any, int], tuple[Any, ...]]
"""A type and a row's number -> its least value, its greatest, and one between; other numbers give other values."""

_EDGES: list[tuple[type, Edges]] = [
    (sa.Uuid, _uuids),
    (sa.String, _texts),
    (sa.SmallInteger, _integers(16)),
    (sa.BigInteger, _integers(64)),
    (sa.Integer, _integers(32)),
    (sa.Float, lambda _, number: (-1e30 - number, 1e30 + number, 1 / (number + 1))),
    (sa.Numeric, _decimals),
    (sa.DateTime, _moments),
    (sa.Date, _days),
    (sa.Time, lambda _, number: (time(0, 0, number), time(23, 59, 59 - number), time(12, 30, number))),
    (sa.Boolean, lambda _, __: (False, True, True)),
    (sa.JSON, lambda _, number: ({}, [BEYOND_ASCII, None, 1e300, {"": [number]}], number)),
    (sa.LargeBinary, lambda _, number: (b"%d" % number, b"\xff" * LONG + b"%d" % number, b"\x00%d" % number)),
]
"""Ordered so that a subtype comes before its base type."""


def _choices(column: Column[Any], checks: list[str]) -> list[str]:
    """Return the values that an enumeration has, or that a CHECK lists."""
    if isinstance(column.type, sa.Enum):
        return list(column.type.enums)
    naming = [check for check in checks if re.search(rf"\b{column.name}\b", check)]
    return [literal for check in naming for literal in re.findall(r"'([^']*)'", check)]
