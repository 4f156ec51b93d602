"""What a resource's reads are made of: its columns, filters and orders, and how one row or the next rows are found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam

from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import Entity, SlugMixin
from diptych.core.engine.row_statements import VALUE, is_value

Condition = ColumnElement[bool]
Filter = Callable[[str], Condition]
"""Makes a condition of a bind parameter's name; one that ends in row_statements.ONE holds one value, others a list."""


@dataclass(frozen=True, slots=True, eq=False)
class ResourceSpec:
    """One resource as it is stored.

    select, returning: the columns that `represent` takes, of rows that are read, and of one that is written.
    references: the columns that name rows of others.
    search_folded: the text that is searched, with the words that `q` finds. scopes: conditions by what else a row
    belongs to, of the parameter that names it.
    """

    model: type[Entity]
    select: Select[Any]
    returning: Sequence[Any]
    represent: Callable[[Sequence[Any]], Any]
    search_exactly: Any
    search_folded: Any
    order_by: Mapping[str, Any]
    filters: Mapping[str, Filter]
    scopes: Mapping[str, Filter] = field(default_factory=dict)
    references: Mapping[str, ResourceSpec] = field(default_factory=dict)

    @property
    def rules(self) -> Rules:
        """What follows from the values of a row."""
        return self.model.rules

    @property
    def noun(self) -> str:
        """What a client calls one of these."""
        return self.rules.noun

    @property
    def slugged(self) -> bool:
        """Whether its rows have slugs."""
        return issubclass(self.model, SlugMixin)


@cache
def by_unique_column(spec: ResourceSpec, column: str) -> Select[Any]:
    """The row that has diptych.core.engine.row_statements.VALUE in a unique column."""
    return spec.select.where(is_value(getattr(spec.model, column)))


LIMIT = "limit"
"""The parameter of `page_after` for how many rows it returns at most."""


@cache
def page_after(spec: ResourceSpec, *, beginning: bool) -> Select[Any]:
    """The rows by their ids, from the first, or after the one whose id is diptych.core.engine.row_statements.VALUE."""
    id_column = spec.model.id
    statement = spec.select.order_by(id_column).limit(bindparam(LIMIT, type_=Integer))
    return statement if beginning else statement.where(id_column > bindparam(VALUE))
