"""What a resource's reads are made of: its columns, filters and orders, and how one row or the next rows are found."""

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
"""Makes a condition of a bind parameter's name; one that ends in row_statements.ONE holds one value, others a list."""


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedRow:
    """The row that a foreign key names, which answers carry. answer: its columns."""

    column: str
    model: type[Entity]
    answer: type[Struct]


@dataclass(frozen=True, slots=True, eq=False)
class ResourceSpec:
    """One resource as it is stored; `resource_spec` makes it of its model and its answer.

    columns: the names of its own columns in an answer, in order; embedded rows follow them.
    select, returning: the columns that `represent` takes, of rows that are read, and of one that is written.
    search_folded: the text that is searched, with the words that `q` finds. scopes: conditions by what else a row
    belongs to, of the parameter that names it.
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

    @property
    def references(self) -> Mapping[str, type[Entity]]:
        """The columns that are foreign keys, with the models of the rows that they name."""
        return _references(self.model)


def resource_spec(
    model: type[Entity],
    answer: type[Struct],
    *,
    embedded: Sequence[EmbeddedRow] = (),
    filters: Mapping[str, Filter] | None = None,
    scopes: Mapping[str, Filter] | None = None,
) -> ResourceSpec:
    """Return the spec of a model whose rows are answered as `answer`: the columns of these names, then embedded rows.

    filters: those by something else than a column of its own.
    """
    columns = tuple(each.name for each in fields(answer) if each.name in model.__table__.columns)
    own = [getattr(model, name) for name in columns]
    selected, returning = select(*own), [*own]
    for each in embedded:
        key = getattr(model, each.column)
        names = [member.name for member in fields(each.answer)]
        selected = selected.add_columns(*(getattr(each.model, name) for name in names))
        selected = selected.join(each.model, each.model.id == key)
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
    """Return a column of the row that a foreign key names, for statements that cannot join its table."""
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
    return lambda row: answer(*row[:own], *(each(*row[part]) for each, part in parts))


@cache
def _references(model: type[Entity]) -> Mapping[str, type[Entity]]:
    found = {}
    for column in model.__table__.columns:
        for key in column.foreign_keys:
            found[column.name] = entity_of(key.column.table)
    return found


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
