"""Statements for rows of any table, each built once; all values are bind parameters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Select, String, Text, bindparam, delete, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ReturningDelete
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import NullType

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
    return select(model.id).where(in_values(model.id))


@cache
def select_for_update(model: type[Entity]) -> Select[Any]:
    """Return the query for the row with the id VALUE, locked."""
    return select(model).where(is_value(model.id)).with_for_update()


@cache
def existing_slugs(model: Any) -> Select[Any]:
    """Return the query for the slugs among VALUES that exist."""
    return select(model.slug).where(in_values(model.slug))


@cache
def delete_by_ids(model: type[Entity]) -> ReturningDelete[Any]:
    """Return the statement that deletes the rows with ids among VALUES, and returns the ids of the deleted rows."""
    return delete(model).where(in_values(model.id)).returning(model.id)
