"""How any list is selected, filtered and searched."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Integer, Select, String, and_, bindparam, case, func, not_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Boolean, NullType

from diptych.core.engine.entity import Record
from diptych.core.engine.fulltext_index import FUNCTION, words_of
from diptych.core.engine.row_statements import ONE, VALUE, among, is_value
from diptych.core.engine.schemas.pagination import ListQuery
from diptych.core.engine.search_tokens import SHARE, Wanted
from diptych.core.engine.text_normalization import fold, sort_key

Condition = ColumnElement[bool]
Filter = Callable[[str], Condition]
"""From the name of a parameter, which is a list of values or one (ONE), to what rows have to meet."""


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
    """One resource as it is stored. noun: what a client calls one of these.

    select, returning: the columns that `represent` takes, of rows that are read, and of one that is written.
    named_by: the column that its search text and its slug come from. references: the columns that name rows of others.
    search_folded: the text that is searched, with the words that `q` finds. scopes: conditions by what else a row
    belongs to, of the parameter that names it.
    """

    noun: str
    model: type[Record]
    select: Select[Any]
    returning: Sequence[Any]
    represent: Callable[[Sequence[Any]], Any]
    named_by: str
    slugged: bool
    search_exactly: Any
    search_folded: Any
    order_by: Mapping[str, Any]
    filters: Mapping[str, Filter]
    scopes: Mapping[str, Filter] = field(default_factory=dict)
    references: Mapping[str, Listing] = field(default_factory=dict)


@cache
def one(listing: Listing, column: str) -> Select[Any]:
    """The row that has diptych.core.engine.row_statements.VALUE in a unique column."""
    return listing.select.where(is_value(getattr(listing.model, column)))


LIMIT = "limit"
"""The parameter of `following` for how many rows it returns at most."""


@cache
def following(listing: Listing, *, beginning: bool) -> Select[Any]:
    """The rows by their ids, from the first, or after the one whose id is diptych.core.engine.row_statements.VALUE."""
    id_column = listing.model.id
    statement = listing.select.order_by(id_column).limit(bindparam(LIMIT, type_=Integer))
    return statement if beginning else statement.where(id_column > bindparam(VALUE))


def any_of(column: Any) -> Filter:
    """The filter `column IN (...)`."""

    def condition(name: str) -> Condition:
        found: Condition = among(column, name)
        return found

    return condition


class Shape(Struct, frozen=True):
    """All that the text of a list's statements depends on.

    The values that are asked for are parameters of the statements, by the names of what asks for them: a statement that
    was made for a list is right for every other of this shape.

    given: the names of what is asked for. words: whether q has any. runs: how many texts it has in a script without
    spaces. elsewhere: whether it is a page by its number, and not the first. total: whether one is asked for. cursor:
    whether the rows are after the cursor's, and whether that is one of them. without: whether that row has no value.
    rank: its rank, by relevance.
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


def conditions(listing: Listing, given: AbstractSet[str]) -> list[Condition]:
    """The WHERE of a list, but for its words.

    A row without a value is not in a list of values: NotIn keeps it, as a reader expects.
    """
    model = listing.model

    def either(name: str) -> list[str]:
        return [each for each in (name, name + ONE) if each in given]

    found = [condition(name) for name, condition in listing.scopes.items() if name in given]
    found += [among(model.id, name) for name in either("ids")]
    for name, column, compare in _TIMES:
        if name in given:
            found.append(compare(getattr(model, column), bindparam(name)))
    if "search_folded" in given:
        found.append(contains_exactly(listing.search_folded, bindparam("search_folded", type_=String)))
    if "search_exactly" in given:
        found.append(contains_exactly(listing.search_exactly, bindparam("search_exactly", type_=String)))
    for name, condition in listing.filters.items():
        found += [condition(each) for each in either(f"{name}_in")]
        found += [case((condition(each), False), else_=True) for each in either(f"{name}_not_in")]
    return found


def values(listing: Listing, query: ListQuery) -> dict[str, Any]:
    """What is asked for by `conditions`: only what is there has to hold."""
    names = ["ids", *(name for name, _, _ in _TIMES)]
    names += [f"{name}_{suffix}" for name in listing.filters for suffix in ("in", "not_in")]
    found: dict[str, Any] = {}
    for name in names:
        match getattr(query, name):
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


def word_values(query: ListQuery, asked: Wanted) -> dict[str, Any]:
    """What `having_words` and `ranks` are given."""
    fts5 = " AND ".join([*(f'"{word}"' for word in asked.whole), *(f'"{word}" *' for word in asked.beginnings)])
    runs = {f"run_{place}": run for place, run in enumerate(asked.runs)}
    return {
        "tsquery": _tsquery(asked),
        "tsquery_main": _tsquery(asked, "#"),
        "fts5": f"words : ({fts5})",
        "same": sort_key(query.q or ""),
        "mostly": SHARE * len(asked.longest),
        **runs,
    }


def having_words(listing: Listing, shape: Shape) -> list[Condition]:
    """Rows with all the words that a query asks for."""
    return _having(listing, shape.runs, "tsquery") if shape.words else []


RANKS = (2, 1, 0)
"""Those of `ranks`, where there are words."""


def ranks(listing: Listing, shape: Shape) -> list[tuple[int, Condition]]:
    """What tells rows with all the words of a query apart, the best first: no row meets two of these conditions.

    First names that are what is asked, then those of which a word is the main part, then the others. PostgreSQL has an
    index for each, and knows how many rows it is that meet it: so no more are looked at than a page needs.
    """
    if not shape.words:
        return [(0, true())]
    model: Any = listing.model
    same = model.sort_key == bindparam("same")
    mostly = func.length(listing.search_folded) <= bindparam("mostly", type_=Integer)
    some, main = (_having(listing, shape.runs, name) for name in ("tsquery", "tsquery_main"))
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


def _having(listing: Listing, runs: int, tsquery: str) -> list[Condition]:
    """Rows with all the words of a parameter, and with each text in a script without spaces as it stands."""
    found: Condition = has_words(
        listing.model.id,
        listing.search_folded,
        # Written into the statement: PostgreSQL finds a rare word by its index, and a common one by looking at one row
        # after another in the order that is wanted, and has to know which it is.
        bindparam(tsquery, type_=String, literal_execute=True),
        bindparam("fts5", type_=String),
    )
    run = (bindparam(f"run_{place}", type_=String) for place in range(runs))
    return [found, *(contains_exactly(listing.search_folded, each) for each in run)]
