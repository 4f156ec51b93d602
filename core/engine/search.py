"""Full-text search: rows that have the words of a query, and their ranks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, String, and_, bindparam, func, not_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Boolean, NullType

from diptych.core.engine.filters import ListQueryShape, contains_exactly
from diptych.core.engine.fulltext_index import FUNCTION, words_of
from diptych.core.engine.resource_spec import Condition, ResourceSpec
from diptych.core.engine.schemas.pagination import FilterQuery
from diptych.core.engine.search_tokens import SHARE, ParsedSearch
from diptych.core.engine.text_normalization import sort_key


class has_words(GenericFunction[Any]):  # noqa: N801
    """has_words(id, text, for PostgreSQL, for SQLite): whether a row's text has words, found in the index of them.

    It has no type: for a Boolean, SQLAlchemy writes `... = 1` for SQLite, which then does not use an index.
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


class may_have_word(GenericFunction[bool]):  # noqa: N801
    """may_have_word(text, word): no, where the text cannot have the word, which takes a fiftieth of `has_words`.

    It is for PostgreSQL, where a common word is looked for in one text after another. A text in ASCII has the
    characters of its words as they are; of others, characters within a word are ignored.
    """

    type = Boolean()
    inherit_cache = True


@compiles(may_have_word, "postgresql")
def _may_have(element: may_have_word, compiler: SQLCompiler, **options: Any) -> str:
    text, word = (compiler.process(each, **options) for each in element.clauses)
    return f"(strpos({text}, {word}) > 0 OR octet_length({text}) <> length({text}))"


@compiles(may_have_word, "sqlite")
def _is_looked_up(_element: may_have_word, _compiler: SQLCompiler, **_options: Any) -> str:
    return "1"


def match_parameters(query: FilterQuery, parsed: ParsedSearch) -> dict[str, Any]:
    """Return the parameters of `match_words` and `ranks`."""
    runs = {f"run_{place}": run for place, run in enumerate(parsed.runs)}
    return {
        **words_parameters(parsed),
        "tsquery_main": _tsquery(parsed, "#"),
        "same": sort_key(query.q or ""),
        "mostly": SHARE * len(parsed.longest),
        "longest": parsed.longest,
        **runs,
    }


def words_parameters(parsed: ParsedSearch) -> dict[str, str]:
    """Return the parameters of `words_condition`."""
    fts5 = " AND ".join([*(f'"{word}"' for word in parsed.whole), *(f'"{word}" *' for word in parsed.beginnings)])
    return {"tsquery": _tsquery(parsed), "fts5": f"words : ({fts5})"}


def words_condition(spec: ResourceSpec) -> Condition:
    """Return the condition that rows have all the words, wherever they are."""
    return _having(spec, 0, "tsquery")[0]


def match_words(spec: ResourceSpec, shape: ListQueryShape) -> list[Condition]:
    """Return the conditions that rows have all the words of a query."""
    return _having(spec, shape.runs, "tsquery") if shape.words else []


def match_many(spec: ResourceSpec, shape: ListQueryShape) -> list[Condition]:
    """Return the conditions of `match_words` for a query that reads rows until it has thousands that match."""
    if not shape.words:
        return []
    likely: Condition = may_have_word(spec.search_folded, bindparam("longest", type_=String))
    return [likely, *match_words(spec, shape)]


RANKS = (2, 1, 0)
"""The ranks of a query with words."""


def ranks(spec: ResourceSpec, shape: ListQueryShape) -> list[tuple[int, Condition]]:
    """Return each rank with the condition of its rows, best first; no row meets two of these conditions.

    First come names equal to the query, then those of which a word is the main part, then the others. PostgreSQL has
    an index for each, and can estimate how many rows meet it, so that it reads no more than a page needs.
    """
    if not shape.words:
        return [(0, true())]
    model: Any = spec.model
    same = model.sort_key == bindparam("same")
    mostly = func.length(spec.search_folded) <= bindparam("mostly", type_=Integer)
    some, main = (_having(spec, shape.runs, name) for name in ("tsquery", "tsquery_main"))
    return [
        (2, and_(same, *some)),
        (1, and_(not_(same), mostly, *main)),
        (0, and_(not_(same), not_(mostly), *some)),
    ]


def _tsquery(parsed: ParsedSearch, mark: str = "") -> str:
    """Return the tsquery for PostgreSQL. mark: the prefix of the longest word, with which it may be in the index.

    No word contains a quote or another character that is special in a database.
    """
    whole = [f"'{mark if word is parsed.longest else ''}{word}'" for word in parsed.whole]
    beginnings = [f"'{mark if word is parsed.longest else ''}{word}':*" for word in parsed.beginnings]
    return " & ".join([*whole, *beginnings])


def _having(spec: ResourceSpec, runs: int, tsquery: str) -> list[Condition]:
    """Return the conditions that rows have all the words of a parameter, and each text in a script without spaces."""
    found: Condition = has_words(
        spec.model.id,
        spec.search_folded,
        # A literal in the statement: PostgreSQL finds a rare word by the index, and a common one by reading rows in
        # the wanted order, and needs to know which it is.
        bindparam(tsquery, type_=String, literal_execute=True),
        bindparam("fts5", type_=String),
    )
    run = (bindparam(f"run_{place}", type_=String) for place in range(runs))
    return [found, *(contains_exactly(spec.search_folded, each) for each in run)]
