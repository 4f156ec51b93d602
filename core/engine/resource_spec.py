"""The description of a resource from which its queries are built: its columns, filters and orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from msgspec import Struct
from msgspec.structs import fields
from sqlalchemy import ColumnElement, Integer, Select, Uuid, bindparam, literal_column, select

from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import Entity, SlugMixin, entity_of
from diptych.core.engine.row_statements import VALUE, in_list, is_value

Condition = ColumnElement[bool]
SEARCH_TEXT = "search_text"
"""The column of folded text that searches read."""
Filter = Callable[[str], Condition]
"""From a bind parameter's name to a condition: on one value if the name ends in row_statements.ONE, else on a list."""
Conversion = Callable[[Sequence[Any]], list[Any]]
"""From the values that a client gives to those of a filter's condition."""


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedRow:
    """The target of a foreign key, embedded in responses; null where the key is. answer: its columns, the id first."""

    column: str
    model: type[Entity]
    answer: type[Struct]


@dataclass(frozen=True, slots=True, eq=False)
class ResourceSpec:
    """The description of a resource; `resource_spec` builds it from the model and the type of the representation.

    columns: the names of its own columns in a representation, in order; embedded rows follow them.
    select, returning: the columns that `represent` takes, of rows that are read, and of one that is written.
    search_folded: the folded text for searches and for `q`. scopes: conditions on related rows, each by the name of a
    parameter with the related row's id. conversions: of the values of filters, by the filter, where its condition takes
    others than a client gives. alternatives: conditions by the name of a parameter; a row needs to meet one of those
    that are given, and each is found by an index of its own.
    """

    model: type[Entity]
    columns: tuple[str, ...]
    select: Select[Any]
    returning: Sequence[Any]
    represent: Callable[[Sequence[Any]], Any]
    search_exactly: Any
    search_folded: Any
    order_by: Mapping[str, Any]
    filters: Mapping[str, Filter]
    scopes: Mapping[str, Filter] = field(default_factory=dict)
    conversions: Mapping[str, Conversion] = field(default_factory=dict)
    alternatives: Mapping[str, Condition] = field(default_factory=dict)

    @property
    def rules(self) -> Rules:
        """The rules for the values and the derived columns of a row."""
        return self.model.rules

    @property
    def noun(self) -> str:
        """The word for such a row in messages to clients."""
        return self.rules.noun

    @property
    def slugged(self) -> bool:
        """Whether its rows have slugs."""
        return issubclass(self.model, SlugMixin)

    @property
    def references(self) -> Mapping[str, type[Entity]]:
        """The columns that are foreign keys, with the models of their targets."""
        return _references(self.model)

    def converted(self, name: str, values: Sequence[Any]) -> Sequence[Any]:
        """Return the values that the condition of a filter takes for those of a client."""
        return self.conversions[name](values) if name in self.conversions else values


def resource_spec(
    model: type[Entity],
    answer: type[Struct],
    *,
    embedded: Sequence[EmbeddedRow] = (),
    filters: Mapping[str, Filter] | None = None,
    scopes: Mapping[str, Filter] | None = None,
) -> ResourceSpec:
    """Return the spec of a model with the representation `answer`: the columns of these names, then embedded rows.

    filters: additional filters, which are not on the model's own columns.
    """
    columns = tuple(each.name for each in fields(answer) if each.name in model.__table__.columns)
    own = [getattr(model, name) for name in columns]
    selected, returning = select(*own), [*own]
    for each in embedded:
        key = getattr(model, each.column)
        names = [member.name for member in fields(each.answer)]
        selected = selected.add_columns(*(getattr(each.model, name) for name in names))
        nullable = model.__table__.columns[each.column].nullable
        selected = selected.join(each.model, each.model.id == key, isouter=nullable)
        returning += [key if name == "id" else _column_of(each.model, name, key) for name in names]
    return ResourceSpec(
        model=model,
        columns=columns,
        select=selected,
        returning=tuple(returning),
        represent=_representing(answer, len(columns), [each.answer for each in embedded]),
        search_exactly=getattr(model, model.rules.named_by),
        search_folded=getattr(model, SEARCH_TEXT),
        order_by={name: getattr(model, column) for name, column in model.orders().items()},
        filters={name: any_of(getattr(model, name)) for name in model.filterable()} | dict(filters or {}),
        scopes=dict(scopes or {}),
    )


def any_of(column: Any) -> Filter:
    """Return the filter `column IN (...)`."""

    def condition(name: str) -> Condition:
        found: Condition = in_list(column, name)
        return found

    return condition


def _column_of(model: type[Entity], name: str, key: Any) -> Any:
    """Return a column of the target of a foreign key, for statements that cannot join its table."""
    # As text: SQLAlchemy would list the key's table among those of the subquery.
    written = literal_column(f"{key.table.name}.{key.key}", Uuid)
    return select(getattr(model, name)).where(model.id == written).scalar_subquery()


def _representing(answer: type[Struct], own: int, embedded: Sequence[type[Struct]]) -> Callable[[Sequence[Any]], Any]:
    """Return the function that makes an answer of a row: `own` columns, then those of each embedded row."""
    if not embedded:
        return lambda row: answer(*row)
    ends = [own]
    for each in embedded:
        ends.append(ends[-1] + len(fields(each)))
    parts = [(each, slice(start, end)) for each, start, end in zip(embedded, ends, ends[1:], strict=False)]

    def embedded_row(each: type[Struct], columns: Sequence[Any]) -> Struct | None:
        return None if columns[0] is None else each(*columns)

    return lambda row: answer(*row[:own], *(embedded_row(each, row[part]) for each, part in parts))


@cache
def _references(model: type[Entity]) -> Mapping[str, type[Entity]]:
    found = {}
    for column in model.__table__.columns:
        for key in column.foreign_keys:
            found[column.name] = entity_of(key.column.table)
    return found


@cache
def by_unique_column(spec: ResourceSpec, column: str) -> Select[Any]:
    """Return the query for the row with diptych.core.engine.row_statements.VALUE in a unique column."""
    return spec.select.where(is_value(getattr(spec.model, column)))


LIMIT = "limit"
"""The parameter of `page_after` for how many rows it returns at most."""


@cache
def page_after(spec: ResourceSpec, *, beginning: bool) -> Select[Any]:
    """Return the query for rows by id, from the first or after the id diptych.core.engine.row_statements.VALUE."""
    id_column = spec.model.id
    statement = spec.select.order_by(id_column).limit(bindparam(LIMIT, type_=Integer))
    return statement if beginning else statement.where(id_column > bindparam(VALUE))
