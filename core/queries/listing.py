"""How any list is selected, filtered and searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, case, func, not_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Boolean, NullType

from core.models import Record
from core.models.words import FUNCTION, words_of
from core.queries.rows import is_value
from core.rules import words
from core.rules.text import fold, sort_key
from core.rules.words import SHARE, Wanted
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


class has_words(GenericFunction[Any]):  # noqa: N801
    """has_words(id, text, for PostgreSQL, for SQLite): whether a row's text has words, found in the index of them.

    It has no type: of a Boolean SQLAlchemy makes `... = 1` for SQLite, which finds nothing by an index then.
    """

    type = NullType()
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
    """The WHERE of a list, but for its words.

    A row without a value is not in a list of values: NotIn keeps it, as a reader expects.
    """
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


def having_words(listing: Listing, query: ListQuery) -> list[Condition]:
    """Rows with all the words that a query asks for."""
    asked = words.wanted(query.q or "")
    return _having(listing, asked, _tsquery(asked)) if asked.longest else []


def ranks(listing: Listing, query: ListQuery) -> list[tuple[int, Condition]]:
    """What tells rows with all the words of a query apart, the best first: no row meets two of these conditions.

    First names that are what is asked, then those of which a word is the main part, then the others. PostgreSQL has an
    index for each, and knows how many rows it is that meet it: so no more are looked at than a page needs.
    """
    asked = words.wanted(query.q or "")
    if not asked.longest:
        return [(0, true())]
    model: Any = listing.model
    same = model.sort_key == sort_key(query.q or "")
    mostly = func.length(listing.search_folded) <= SHARE * len(asked.longest)
    some, main = (_having(listing, asked, _tsquery(asked, mark)) for mark in ("", "#"))
    return [
        (2, and_(same, *some)),
        (1, and_(not_(same), mostly, *main)),
        (0, and_(not_(same), not_(mostly), *some)),
    ]


def _tsquery(asked: Wanted, mark: str = "") -> str:
    """What PostgreSQL is asked. mark: what the longest word begins with, which it may be in the index by.

    No word has a quote in it, or anything else that means something to a database.
    """
    whole = [f"'{mark if word is asked.longest else ''}{word}'" for word in asked.whole]
    beginnings = [f"'{mark if word is asked.longest else ''}{word}':*" for word in asked.beginnings]
    return " & ".join([*whole, *beginnings])


def _having(listing: Listing, asked: Wanted, tsquery: str) -> list[Condition]:
    """Rows with all these words. What stands in a row in a script without spaces has to stand so in the text, too."""
    fts5 = " AND ".join([*(f'"{word}"' for word in asked.whole), *(f'"{word}" *' for word in asked.beginnings)])
    found: Condition = has_words(
        listing.model.id,
        listing.search_folded,
        # Written into the statement: PostgreSQL finds a rare word by its index, and a common one by looking at one row
        # after another in the order that is wanted, and has to know which it is.
        bindparam(None, tsquery, String, literal_execute=True),
        bindparam(None, f"words : ({fts5})", String),
    )
    return [found, *(contains_exactly(listing.search_folded, run) for run in asked.runs)]
