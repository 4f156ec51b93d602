"""Facets: the values that the rows of a list have of one kind, such as their languages, and how many rows have each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from sqlalchemy import FromClause, Integer, Select, Text, bindparam, cast, func, literal_column, null, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from diptych.core.engine import filters, search, search_tokens
from diptych.core.engine.compiled_statement import Row
from diptych.core.engine.filters import ListQueryShape
from diptych.core.engine.pagination import BoundListQuery
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.engine.row_statements import ONE
from diptych.core.engine.schemas.pagination import FilterQuery

CAP = 2000
"""Rows that are counted for a request, at most. It is a number of rows, and no time: all servers answer the same."""

MOST = 100
"""Values of a facet, at most."""

SIZE = "size"
"""The parameter of statements: how many values of each facet are wanted."""

Rows = FromClause | None
"""The rows that are counted, with their ids; None for all rows of the table."""


@dataclass(frozen=True, slots=True, eq=False)
class Facet:
    """A kind of values.

    name: of its filter: `name`_in selects the rows with some of the values. counted: from the rows to the query for
    each `value` and the `number` of rows that have it. label: from a value to the expression for its name; None where
    the value is its own. kind: makes a value of its text.
    """

    name: str
    counted: Callable[[Rows], Select[Any]]
    label: Callable[[Any], Any] | None = None
    kind: Callable[[str], Any] = str


class Value(Struct, frozen=True):
    """A value of a facet, its name, and how many rows have it; None where they were not all counted."""

    value: str
    name: str
    count: int | None


def column_counts(model: Any, column: InstrumentedAttribute[Any], value: Callable[[Any], Any] = lambda own: own) -> Any:
    """Return `Facet.counted` for a column of the model. value: from the column to the expression for the value."""

    def counted(rows: Rows) -> Select[Any]:
        table = model.__table__ if rows is None else rows
        own = value(table.c[column.key]).label("value")
        return select(own, func.count().label("number")).where(table.c[column.key].is_not(None)).group_by(own)

    return counted


def bind(
    spec: ResourceSpec, query: FilterQuery, facet: str = "", scope: Mapping[str, Any] = MappingProxyType({})
) -> BoundListQuery:
    """Bind the filters of a query, without those by a facet's own values, `facet`_in, within a scope of the spec."""
    given = {**filters.values(spec, query), **scope}
    found = {name: value for name, value in given.items() if name.removesuffix(ONE) != f"{facet}_in"}
    wanted = search_tokens.wanted(query.q or "")
    shape = ListQueryShape(
        frozenset(found), "", "", bool(wanted.longest), len(wanted.runs), elsewhere=False, total=False
    )
    return BoundListQuery(shape, found | search.match_parameters(query, wanted) if shape.words else found)


def selects(shape: ListQueryShape) -> bool:
    """Return whether a query selects some of the rows."""
    return bool(shape.given) or shape.words


@lru_cache(maxsize=1000)
def of_matches(spec: ResourceSpec, facets: tuple[Facet, ...], shape: ListQueryShape) -> Select[Any]:
    """Return the query for the most common values of some facets among the newest CAP + 1 rows that match.

    Each row is the place of its facet, a value, its name, the number of rows with it, and the number of all that match.
    """
    model: Any = spec.model
    where = [*filters.conditions(spec, shape.given), *search.match_many(spec, shape)]
    own = {column.name for column in model.__table__.columns if column.foreign_keys} | set(model.list_indexes) | {"id"}
    columns = [column for column in model.__table__.columns if column.name in own]
    matches = select(*columns).where(*where).order_by(model.id.desc()).limit(CAP + 1).cte("matches")
    counted = select(func.count().label("number")).select_from(matches).cte("counted")
    total = select(counted.c.number).scalar_subquery()
    parts = [_most_common(place, each, matches).add_columns(total) for place, each in enumerate(facets)]
    found = union_all(*parts).subquery("found")
    return select(*found.c)


@lru_cache(maxsize=100)
def of_table(facet: Facet) -> Select[Any]:
    """Return the query for the most common values of a facet among all rows, as `of_matches`, but for the last."""
    return _most_common(0, facet, None)


def _most_common(place: int, facet: Facet, rows: Rows) -> Select[Any]:
    counted = facet.counted(rows).subquery()
    first = (counted.c.number.desc(), counted.c.value)
    top = select(counted).order_by(*first).limit(bindparam(SIZE, type_=Integer)).subquery()
    name = null() if facet.label is None else facet.label(top.c.value)
    return select(
        literal_column(str(place), Integer).label("place"),
        cast(top.c.value, Text).label("value"),
        cast(name, Text).label("name"),
        top.c.number.label("number"),
    )


def values(facet: Facet, rows: Iterable[Row], *, exact: bool = True) -> list[Value]:
    """Return the values of a facet in order: the most common first, and by the value among equals.

    rows: of one of the statements above. exact: whether all rows that match were counted.
    """
    found = [(facet.kind(value), name, number) for _, value, name, number, *_ in rows]
    found.sort(key=lambda each: (-each[2], each[0]))
    return [Value(str(value), name or str(value), number if exact else None) for value, name, number in found]


def by_facet(facets: Sequence[Facet], rows: Sequence[Row]) -> list[list[Value]]:
    """Return the values of each facet. rows: of `of_matches`."""
    return [
        values(facet, [row for row in rows if row[0] == place], exact=not rows or rows[0][-1] <= CAP)
        for place, facet in enumerate(facets)
    ]
