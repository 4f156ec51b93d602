"""Statements for rows of any table, each built once; all values are bind parameters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import ARRAY, Dialect, Select, String, Text, bindparam, delete, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ReturningDelete
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from diptych.core.engine.entity import Entity

VALUE, VALUES = "value", "values"
"""The parameter that each of them takes: a value, or a list of them."""


ONE = "_one"
"""The suffix of the name of a parameter that holds one value, not a list."""


class _in_list(GenericFunction[Any]):  # noqa: N801 - an SQL function is named as SQL names them
    # No type: for a Boolean, SQLAlchemy writes `... = 1` for SQLite, which then does not use an index.
    type = NullType()
    inherit_cache = True


@compiles(_in_list, "postgresql")
def _any(element: _in_list, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    return f"({compiler.process(column, **options)} = ANY ({compiler.process(values, **options)}))"


@compiles(_in_list, "sqlite")
def _in(element: _in_list, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    expanded = column.in_(bindparam(values.key, expanding=True, type_=column.type))
    return f"({compiler.process(expanded, **options)})"


def in_list(column: Any, name: str) -> Any:
    """Return the condition that a column has one of the values of a parameter, or its one value (ONE).

    The text is the same for lists of any length, so that PostgreSQL, which takes an array, can prepare the statement.
    One value costs it less than an array of one, and most lists have one.
    """
    # Not the column's own type if that has a length: a cast would truncate longer values.
    kind = Text() if isinstance(column.type, String) else column.type
    if name.endswith(ONE):
        return column == bindparam(name, type_=kind)
    return _in_list(column, bindparam(name, type_=ARRAY(kind)))


class _Many(TypeDecorator[Any]):
    """Any number of values of a type in one parameter: an array, or for SQLite a JSON text."""

    impl = ARRAY
    cache_ok = True

    def __init__(self, kind: TypeEngine[Any]) -> None:
        super().__init__(kind)
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(self.kind))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if dialect.name != "sqlite":
            return value
        store = self.kind.dialect_impl(dialect).bind_processor(dialect)
        return msgspec.json.encode(value if store is None else [store(each) for each in value]).decode()


class _in_batch(GenericFunction[Any]):  # noqa: N801
    type = NullType()
    inherit_cache = True


@compiles(_in_batch, "sqlite")
def _in_json(element: _in_batch, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    found = column.in_(select(func.json_each(values).table_valued("value").c.value))
    return f"({compiler.process(found, **options)})"


compiles(_in_batch, "postgresql")(_any)


def in_batch(column: Any) -> Any:
    """Return the condition that a column has one of VALUES, of which there may be a thousand.

    On SQLite too the text is the same for any number of them. With a parameter for each, a text for each number would
    be prepared, and sqlite3 keeps 128 of them, of up to half a megabyte. For a few values in_values is faster there.
    """
    kind = Text() if isinstance(column.type, String) else column.type
    return _in_batch(column, bindparam(VALUES, type_=_Many(kind)))


def is_value(column: Any) -> Any:
    """Return the condition that a column has VALUE."""
    return column == bindparam(VALUE)


def in_values(column: Any) -> Any:
    """Return the condition that a column has one of VALUES."""
    return in_list(column, VALUES)


def required(model: Any, names: Sequence[str]) -> tuple[str, ...]:
    """Return those of these columns in which a null does not identify a row: no row can have it, or any number can."""
    columns = model.__table__.columns
    return tuple(name for name in names if not columns[name].nullable or columns[name].unique)


@cache
def id_exists(model: type[Entity]) -> Select[Any]:
    """Return the query for the id of the row with the id VALUE."""
    return select(model.id).where(is_value(model.id))


@cache
def existing_ids(model: type[Entity]) -> Select[Any]:
    """Return the query for the ids among VALUES that exist."""
    return select(model.id).where(in_batch(model.id))


@cache
def select_for_update(model: type[Entity]) -> Select[Any]:
    """Return the query for the row with the id VALUE, locked."""
    return select(model).where(is_value(model.id)).with_for_update()


@cache
def existing_slugs(model: Any) -> Select[Any]:
    """Return the query for the slugs among VALUES that exist."""
    return select(model.slug).where(in_batch(model.slug))


@cache
def delete_by_ids(model: type[Entity]) -> ReturningDelete[Any]:
    """Return the statement that deletes the rows with ids among VALUES, and returns the ids of the deleted rows."""
    return delete(model).where(in_batch(model.id)).returning(model.id)
