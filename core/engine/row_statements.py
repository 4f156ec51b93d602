"""Statements about rows of any table, made once each: what is looked for, and what is written, are their parameters."""

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
"""What the name of a parameter ends with that is one value, where another is a list of them."""


class _in_list(GenericFunction[Any]):  # noqa: N801 - an SQL function is named as SQL names them
    # None: of a Boolean SQLAlchemy makes `... = 1` for SQLite, which finds nothing by an index then.
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
    """The condition that a column has one of the values of a parameter, or its one value (ONE).

    It is one text for lists of any length: PostgreSQL takes an array, and has the statement prepared. One value costs
    it less than an array of one, and is what most lists are.
    """
    # Not in the column's own type where that is of some length: a cast would cut what is longer.
    kind = Text() if isinstance(column.type, String) else column.type
    if name.endswith(ONE):
        return column == bindparam(name, type_=kind)
    return _in_list(column, bindparam(name, type_=ARRAY(kind)))


def is_value(column: Any) -> Any:
    """The condition that a column has VALUE."""
    return column == bindparam(VALUE)


def in_values(column: Any) -> Any:
    """The condition that a column has one of VALUES."""
    return in_list(column, VALUES)


def required(model: Any, names: Sequence[str]) -> tuple[str, ...]:
    """Those of these columns that tell nothing of a row when they are null: none has it, or any number of rows may."""
    columns = model.__table__.columns
    return tuple(name for name in names if not columns[name].nullable or columns[name].unique)


@cache
def id_exists(model: type[Entity]) -> Select[Any]:
    """The id of the row whose id is VALUE."""
    return select(model.id).where(is_value(model.id))


@cache
def existing_ids(model: type[Entity]) -> Select[Any]:
    """The ids among VALUES that rows have."""
    return select(model.id).where(in_values(model.id))


@cache
def select_for_update(model: type[Entity]) -> Select[Any]:
    """The row whose id is VALUE, locked."""
    return select(model).where(is_value(model.id)).with_for_update()


@cache
def existing_slugs(model: Any) -> Select[Any]:
    """The slugs among VALUES that rows have."""
    return select(model.slug).where(in_values(model.slug))


@cache
def delete_by_ids(model: type[Entity]) -> ReturningDelete[Any]:
    """Delete the rows whose ids are among VALUES; which there were."""
    return delete(model).where(in_values(model.id)).returning(model.id)
