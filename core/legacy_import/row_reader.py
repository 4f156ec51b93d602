"""Read the rows of an earlier database in batches, with values as they are stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Numeric,
    Text,
    case,
    cast,
    column,
    func,
    select,
    table,
    text,
    type_coerce,
)
from sqlalchemy.types import LargeBinary, NullType

from diptych.core.legacy_import.inspection import EstateTable, quoted

BATCH = 1000

AS_IT_IS = frozenset({"integer", "uuid", "text", "bytes", "boolean"})
"""Kinds of PostgreSQL's columns that are read as Python's values; the others as text: Python has no value for some."""

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """What is read: a table or a view of it, the columns with their kinds, the column that orders, and a condition."""

    name: str
    columns: Mapping[str, str]
    key: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """How a link table is read with the books that it refers to. order: the columns that order its rows."""

    link: Source
    reference: str
    books: Source
    referred: str
    order: Sequence[str]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows in order, with the key of the last row before them, None at the beginning, and of the last of them."""

    rows: Sequence[Values]
    keys: Sequence[Any]
    after: Any


def escaped(condition: str) -> str:
    """Return an SQL condition for `text()`, which takes a colon for a parameter."""
    return condition.replace(":", "\\:")


def batches(connection: Connection, source: Source) -> Iterator[Batch]:
    """Yield all rows, in the order of the key."""
    read = _from(source, "old")
    key = read.c[source.key]
    names, wanted = _wanted(connection, source, read)
    statement = select(key, *wanted).order_by(key).limit(BATCH)
    last: Any = None
    while True:
        rows = connection.execute(statement if last is None else statement.where(key > last)).all()
        if rows:
            yield Batch([_row(names, row[1:]) for row in rows], [row[0] for row in rows], last)
            last = rows[-1][0]
        if len(rows) < BATCH:
            return


def linked(connection: Connection, join: Join, batch: Batch) -> dict[Any, list[Values]]:
    """Return the rows of a link table that refer to the books of a batch, by the key of the book."""
    read, book = _from(join.link, "link"), _from(join.books, "old")
    reference: ColumnElement[Any] = read.c[join.reference]
    referred: ColumnElement[Any] = book.c[join.referred]
    kinds = {join.link.columns[join.reference], join.books.columns[join.referred]}
    if len(kinds) > 1 and connection.dialect.name == "postgresql":
        reference, referred = cast(reference, Text), cast(referred, Text)
    key = book.c[join.books.key]
    names, wanted = _wanted(connection, join.link, read)
    ordering = [
        part for name in join.order for part in _ordering(connection, read.c[name], join.link.columns.get(name))
    ]
    statement = select(key, *wanted).select_from(read.join(book, reference == referred)).order_by(*ordering)
    statement = statement.where(key <= batch.keys[-1])
    if batch.after is not None:
        statement = statement.where(key > batch.after)
    found: dict[Any, list[Values]] = {}
    for row in connection.execute(statement):
        found.setdefault(row[0], []).append(_row(names, row[1:]))
    return found


def _ordering(connection: Connection, found: ColumnElement[Any], kind: str | None) -> list[ColumnElement[Any]]:
    """Return what orders by a column, with NULL last; numbers that are kept as text are ordered as numbers."""
    if kind != "text":
        return [found.is_(None), found]
    if connection.dialect.name == "sqlite":
        return [found.is_(None), cast(found, Numeric), found]
    is_number = found.regexp_match("^ *[0-9]{1,18} *$")
    return [found.is_(None), case((is_number, cast(found, Numeric))), found]


def count(connection: Connection, name: str, condition: str = "") -> int:
    """Return the number of rows of a table."""
    statement = select(func.count()).select_from(table(name))
    return int(connection.execute(statement.where(text(escaped(condition))) if condition else statement).scalar_one())


def filled(connection: Connection, old: EstateTable) -> dict[str, int]:
    """Return the number of rows in which each column has a value; blank text is none."""
    read = table(old.name, *map(column, old.columns))
    counted = [func.count(_unless_blank(connection, read.c[name], kind)) for name, kind in old.columns.items()]
    row = connection.execute(select(*counted).select_from(read)).one()
    return dict(zip(old.columns, row, strict=True))


def distinct(connection: Connection, old: EstateTable, name: str, most: int) -> list[tuple[str, int]]:
    """Return the most frequent values of a column and their numbers; of a date or time, whether there is one."""
    quoted_name = quoted(connection, name)
    if old.columns[name] in ("date", "time", "aware time"):
        shown = f"CASE WHEN {quoted_name} IS NULL THEN 'NULL' ELSE 'a time' END"
    elif old.columns[name] == "boolean":
        shown = f"CASE WHEN {quoted_name} THEN 'true' WHEN NOT {quoted_name} THEN 'false' ELSE 'NULL' END"
    else:
        shown = f"coalesce(CAST({quoted_name} AS TEXT), 'NULL')"
    statement = f"SELECT {shown}, count(*) FROM {quoted(connection, old.name)} GROUP BY 1 ORDER BY 2 DESC LIMIT {most}"  # noqa: S608
    found = [(str(value), int(number)) for value, number in connection.execute(text(escaped(statement)))]
    return sorted(found, key=lambda each: (-each[1], each[0]))


def _unless_blank(connection: Connection, found: ColumnElement[Any], kind: str) -> ColumnElement[Any]:
    if connection.dialect.name == "sqlite":
        blank = (func.typeof(found) == "text") & (func.trim(found, " \t\r\n") == "")
        return case((blank, None), else_=found)
    return func.nullif(func.btrim(found, " \t\r\n"), "") if kind == "text" else found


def _from(source: Source, alias: str) -> FromClause:
    read = table(source.name, *map(column, dict.fromkeys([*source.columns, source.key])))
    if not source.where:
        return read.alias(alias)
    return select(*read.c).where(text(f"({escaped(source.where)})")).subquery(alias)


def _wanted(
    connection: Connection, source: Source, read: FromClause
) -> tuple[list[str | None], list[ColumnElement[Any]]]:
    """Return what is selected, and the name of each; None before the value of SQLite that it is the type of."""
    if connection.dialect.name != "sqlite":
        return list(source.columns), [
            read.c[name] if kind in AS_IT_IS else cast(read.c[name], Text) for name, kind in source.columns.items()
        ]
    names: list[str | None] = []
    wanted: list[ColumnElement[Any]] = []
    for name in source.columns:
        names += [None, name]
        wanted += _as_stored(read.c[name])
    return names, wanted


def _as_stored(found: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """Read a SQLite column with its type, and text as bytes: any column may hold any type, and invalid UTF-8."""
    stored = func.typeof(found)
    value = case((stored == "text", cast(found, LargeBinary)), else_=found)
    return [stored, type_coerce(value, NullType())]


def _row(names: Sequence[str | None], row: Sequence[Any]) -> Values:
    values: Values = {}
    stored = ""
    for name, value in zip(names, row, strict=True):
        if name is None:
            stored = value
        else:
            values[name] = _decoded(value) if stored == "text" else value
    return values


def _decoded(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value  # the conversion refuses it
