"""The WHERE conditions of lists, except those of `q`."""

from __future__ import annotations

import operator
from collections.abc import Set as AbstractSet
from typing import Any

from msgspec import Struct
from sqlalchemy import String, bindparam, case, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Boolean

from diptych.core.engine.resource_spec import Condition, ResourceSpec
from diptych.core.engine.row_statements import ONE, in_list
from diptych.core.engine.schemas.pagination import FilterQuery
from diptych.core.engine.text_normalization import fold


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


class ListQueryShape(Struct, frozen=True):
    """The cache key of a list's statements: everything that their text depends on.

    The values of a query are parameters of the statements, so that a statement serves every query of its shape.

    given: the names of the parameters in use. words: whether q has words. runs: how many texts it has in a script
    without spaces. elsewhere: whether it is a numbered page other than the first. total: whether to count all rows.
    cursor: its `forward` and `inclusive`. without: whether the row of the cursor has no value. rank: the rank of that
    row, by relevance.
    """

    given: frozenset[str]
    order_by: str
    sort_order: str
    words: bool
    runs: int
    elsewhere: bool
    total: bool
    cursor: tuple[bool, bool] | None = None
    without: bool = False
    rank: int | None = None


_TIMES = (
    ("created_before", "created_at", operator.lt),
    ("created_after", "created_at", operator.gt),
    ("updated_before", "updated_at", operator.lt),
    ("updated_after", "updated_at", operator.gt),
)


def conditions(spec: ResourceSpec, given: AbstractSet[str]) -> list[Condition]:
    """Return the conditions of a list, except for its words."""
    either = alternatives(spec, given)
    return [*required(spec, given), *([or_(*either)] if either else [])]


def alternatives(spec: ResourceSpec, given: AbstractSet[str]) -> list[Condition]:
    """Return the conditions of a list of which each row meets at least one; none where there is no such choice."""
    return [condition for name, condition in spec.alternatives.items() if name in given]


def required(spec: ResourceSpec, given: AbstractSet[str]) -> list[Condition]:
    """Return the conditions that each row of a list meets.

    NotIn keeps the rows without a value, as a client expects: SQL's NOT IN does not.
    """
    model = spec.model

    def either(name: str) -> list[str]:
        return [each for each in (name, name + ONE) if each in given]

    found = [condition(name) for name, condition in spec.scopes.items() if name in given]
    found += [in_list(model.id, name) for name in either("ids")]
    for name, column, compare in _TIMES:
        if name in given:
            found.append(compare(getattr(model, column), bindparam(name)))
    if "search_folded" in given:
        found.append(contains_exactly(spec.search_folded, bindparam("search_folded", type_=String)))
    if "search_exactly" in given:
        found.append(contains_exactly(spec.search_exactly, bindparam("search_exactly", type_=String)))
    for name, condition in spec.filters.items():
        found += [condition(each) for each in either(f"{name}_in")]
        found += [case((condition(each), False), else_=True) for each in either(f"{name}_not_in")]
    return found


def values(spec: ResourceSpec, query: FilterQuery) -> dict[str, Any]:
    """Return the parameters of `conditions`. A filter that the query does not have sets no condition."""
    given = {name: getattr(query, name) for name in ("ids", *(name for name, _, _ in _TIMES))}
    for name in spec.filters:
        for parameter in (f"{name}_in", f"{name}_not_in"):
            of_filter = getattr(query, parameter)
            given[parameter] = None if of_filter is None else spec.converted(name, of_filter)
    found: dict[str, Any] = {}
    for name, of_query in given.items():
        match of_query:
            case [value]:
                found[name + ONE] = value
            case None:
                pass
            case value:
                found[name] = value
    if query.search_string and query.search_ignore_case:
        found["search_folded"] = fold(query.search_string)
    elif query.search_string:
        found["search_exactly"] = query.search_string
    return found
