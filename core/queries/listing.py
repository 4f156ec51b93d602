"""How any list is selected, filtered and searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, case
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Boolean

from core.models import Record
from core.models.base import relevance
from core.models.words import FUNCTION, words_of
from core.queries.rows import is_value
from core.rules import words
from core.rules.text import fold
from core.rules.words import Wanted
from core.schemas.lists import RELEVANCE, ListQuery

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


class has_words(GenericFunction[bool]):  # noqa: N801
    """has_words(id, text, for PostgreSQL, for SQLite): whether a row's text has words, found in the index of them."""

    type = Boolean()
    inherit_cache = True


@compiles(has_words, "postgresql")
def _matches(element: has_words, compiler: SQLCompiler, **options: Any) -> str:
    _, text, query, _ = element.clauses
    return f"({FUNCTION}({compiler.process(text, **options)}) @@ {compiler.process(query, **options)}::tsquery)"


@compiles(has_words, "sqlite")
def _is_matched(element: has_words, compiler: SQLCompiler, **options: Any) -> str:
    row_id, _, _, query = element.clauses
    name = words_of(row_id.table.name)
    found = f"SELECT {name}.id FROM {name} WHERE {name} MATCH {compiler.process(query, **options)}"  # noqa: S608 - a table of ours
    return f"({compiler.process(row_id, **options)} IN ({found}))"


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """One resource as it is read. noun: what a client calls one of these.

    search_folded: the text that is searched, with the words that `q` finds.
    """

    noun: str
    model: type[Record]
    select: Select[Any]
    represent: Callable[[Sequence[Any]], Any]
    search_exactly: Any
    search_folded: Any
    order_by: Mapping[str, Any]
    filters: Mapping[str, Filter]

    def order(self, name: str) -> Any:
        """What an `orderBy` orders by: a column of order_by, or how well a row's words are what was searched for."""
        return relevance(self.search_folded) if name == RELEVANCE else self.order_by[name]


@cache
def one(listing: Listing, column: str) -> Select[Any]:
    """The row that has core.queries.rows.VALUE in a unique column."""
    return listing.select.where(is_value(getattr(listing.model, column)))


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
    if query.q:
        found += _words(listing, words.wanted(query.q))
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


def _words(listing: Listing, asked: Wanted) -> list[Condition]:
    """Rows with all these words. What stands in a row in a script without spaces has to stand so in the text, too."""
    whole, beginnings = asked.whole, asked.beginnings
    if not whole and not beginnings:
        return []
    # No word has a quote in it, or anything else that means something to a database.
    tsquery = " & ".join([*(f"'{word}'" for word in whole), *(f"'{word}':*" for word in beginnings)])
    fts5 = " AND ".join([*(f'"{word}"' for word in whole), *(f'"{word}" *' for word in beginnings)])
    found: Condition = has_words(
        listing.model.id,
        listing.search_folded,
        # Written into the statement: PostgreSQL finds a rare word by its index, and a common one by looking at one row
        # after another in the order that is wanted, and has to know which it is.
        bindparam(None, tsquery, String, literal_execute=True),
        bindparam(None, f"words : ({fts5})", String),
    )
    return [found, *(contains_exactly(listing.search_folded, run) for run in asked.runs)]
