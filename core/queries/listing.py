"""How any list is selected, filtered and searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Boolean

from core.models import Record
from core.rules.text import fold
from core.schemas.lists import ListQuery

Condition = ColumnElement[bool]
Filter = Callable[[Sequence[Any]], Condition]


class contains_exactly(GenericFunction[bool]):  # noqa: N801 - an SQL function is named as SQL names them
    """contains_exactly(text, part): case counts, and no character of `part` is a wildcard."""

    type = Boolean()
    inherit_cache = True


@compiles(contains_exactly, "postgresql")
def _strpos(element: contains_exactly, compiler: SQLCompiler, **options: Any) -> str:
    return f"(strpos({compiler.process(element.clauses, **options)}) > 0)"


@compiles(contains_exactly, "sqlite")
def _instr(element: contains_exactly, compiler: SQLCompiler, **options: Any) -> str:
    return f"(instr({compiler.process(element.clauses, **options)}) > 0)"


@dataclass(frozen=True, slots=True)
class Listing:
    """One resource's list."""

    model: type[Record]
    select: Select[Any]
    represent: Callable[[Sequence[Any]], Any]
    search_exactly: Any
    search_folded: Any
    order_by: Mapping[str, Any]
    filters: Mapping[str, Filter]


def any_of(column: Any) -> Filter:
    """The filter `column IN (...)`."""

    def condition(values: Sequence[Any]) -> Condition:
        found: Condition = column.in_(values)
        return found

    return condition


def conditions(listing: Listing, query: ListQuery) -> list[Condition]:
    """The WHERE of a list. A row without a value is not in a list of values: NotIn keeps it, as a reader expects."""
    model = listing.model
    found: list[Condition] = []
    if query.ids is not None:
        found.append(model.id.in_(query.ids))
    for column, before, after in (
        (model.created_at, query.created_before, query.created_after),
        (model.updated_at, query.updated_before, query.updated_after),
    ):
        if before is not None:
            found.append(column < before)
        if after is not None:
            found.append(column > after)
    if query.search_string:
        found.append(_search(listing, query.search_string, ignore_case=query.search_ignore_case))
    for name, condition in listing.filters.items():
        if (wanted := getattr(query, f"{name}_in")) is not None:
            found.append(condition(wanted))
        if (unwanted := getattr(query, f"{name}_not_in")) is not None:
            found.append(case((condition(unwanted), False), else_=True))
    return found


def _search(listing: Listing, text: str, *, ignore_case: bool) -> Condition:
    if not ignore_case:
        return contains_exactly(listing.search_exactly, text)
    return contains_exactly(listing.search_folded, fold(text))
