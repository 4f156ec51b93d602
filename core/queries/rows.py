"""Statements about rows of any table, made once each.

To make one, and to name it for the compiler's cache, costs as much as to execute it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, select
from sqlalchemy.sql.dml import ReturningDelete

from core.models import Record

VALUE, VALUES = "value", "values"
"""The parameter that each of them takes: a value, or a list of them."""


def is_value(column: Any) -> Any:
    """The condition that a column has VALUE."""
    return column == bindparam(VALUE)


def among_values(column: Any) -> Any:
    """The condition that a column has one of VALUES."""
    return column.in_(bindparam(VALUES, expanding=True))


@cache
def there(model: type[Record]) -> Select[Any]:
    """The id of the row whose id is VALUE."""
    return select(model.id).where(is_value(model.id))


@cache
def locked(model: type[Record]) -> Select[Any]:
    """The row whose id is VALUE, locked."""
    return select(model).where(is_value(model.id)).with_for_update()


@cache
def taken(model: Any) -> Select[Any]:
    """The slugs among VALUES that rows have."""
    return select(model.slug).where(among_values(model.slug))


@cache
def deleted(model: type[Record]) -> ReturningDelete[Any]:
    """Delete the rows whose ids are among VALUES; which there were."""
    return delete(model).where(among_values(model.id)).returning(model.id)
