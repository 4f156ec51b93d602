"""Full-text search: rows that have the words of a query, and their ranks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, String, and_, bindparam, func, not_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import NullType

from diptych.core.engine.filters import ListQueryShape, contains_exactly
from diptych.core.engine.fulltext_index import FUNCTION, words_of
from diptych.core.engine.resource_spec import Condition, ResourceSpec
from diptych.core.engine.schemas.pagination import ListQuery
from diptych.core.engine.search_tokens import SHARE, ParsedSearch
from diptych.core.engine.text_normalization import sort_key


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


def match_parameters(query: ListQuery, parsed: ParsedSearch) -> dict[str, Any]:
    """What `match_words` and `ranks` are given."""
    fts5 = " AND ".join([*(f'"{word}"' for word in parsed.whole), *(f'"{word}" *' for word in parsed.beginnings)])
    runs = {f"run_{place}": run for place, run in enumerate(parsed.runs)}
    return {
        "tsquery": _tsquery(parsed),
        "tsquery_main": _tsquery(parsed, "#"),
        "fts5": f"words : ({fts5})",
        "same": sort_key(query.q or ""),
        "mostly": SHARE * len(parsed.longest),
        **runs,
    }


def match_words(spec: ResourceSpec, shape: ListQueryShape) -> list[Condition]:
    """Rows with all the words that a query asks for."""
    return _having(spec, shape.runs, "tsquery") if shape.words else []


RANKS = (2, 1, 0)
"""Those of `ranks`, where there are words."""


def ranks(spec: ResourceSpec, shape: ListQueryShape) -> list[tuple[int, Condition]]:
    """What tells rows with all the words of a query apart, the best first: no row meets two of these conditions.

    First names that are what is asked, then those of which a word is the main part, then the others. PostgreSQL has an
    index for each, and knows how many rows it is that meet it: so no more are looked at than a page needs.
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
    """What PostgreSQL is asked. mark: what the longest word begins with, which it may be in the index by.

    No word has a quote in it, or anything else that means something to a database.
    """
    whole = [f"'{mark if word is parsed.longest else ''}{word}'" for word in parsed.whole]
    beginnings = [f"'{mark if word is parsed.longest else ''}{word}':*" for word in parsed.beginnings]
    return " & ".join([*whole, *beginnings])


def _having(spec: ResourceSpec, runs: int, tsquery: str) -> list[Condition]:
    """Rows with all the words of a parameter, and with each text in a script without spaces as it stands."""
    found: Condition = has_words(
        spec.model.id,
        spec.search_folded,
        # Written into the statement: PostgreSQL finds a rare word by its index, and a common one by looking at one row
        # after another in the order that is wanted, and has to know which it is.
        bindparam(tsquery, type_=String, literal_execute=True),
        bindparam("fts5", type_=String),
    )
    run = (bindparam(f"run_{place}", type_=String) for place in range(runs))
    return [found, *(contains_exactly(spec.search_folded, each) for each in run)]
