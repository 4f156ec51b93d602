"""What may be meant while somebody is typing: names that begin so, or in which a word does. Each is one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, get_args
from uuid import UUID

from msgspec import Struct
from sqlalchemy import String, Text, bindparam, cast, literal, select, union_all

from diptych.core.catalogue.authors.queries import spec as authors
from diptych.core.catalogue.books.queries import spec as books
from diptych.core.catalogue.publishers.queries import spec as publishers
from diptych.core.catalogue.series.queries import spec as series
from diptych.core.catalogue.tags.queries import spec as tags
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.engine.search import words_condition, words_parameters
from diptych.core.engine.search_tokens import wanted
from diptych.core.engine.text_normalization import sort_key

Kind = Literal["author", "book", "publisher", "series", "tag"]

KINDS: tuple[Kind, ...] = get_args(Kind)

EACH = 8
"""Suggestions of a kind, at most."""

LETTERS = 3
"""Letters of the word that is being typed, from which it is searched for inside of names: fewer begin too many."""

_LAST = "\U0010ffff"
"""Sorts after every character that a name has."""

_SPECS: Mapping[Kind, ResourceSpec] = {
    "author": authors,
    "book": books,
    "publisher": publishers,
    "series": series,
    "tag": tags,
}


class Suggestion(Struct, frozen=True):
    """A row that may be meant. key: its slug, or the id of a tag."""

    kind: Kind
    name: str
    key: str


@cache
def statement(kinds: Sequence[Kind], *, words: bool) -> Any:
    """Return the statement that selects kind, name and key of rows. words: also those with the words inside of a name.

    Each part is a range of an index, or a look-up in that of words, and ends after EACH rows, in no order for words.
    """
    parts = [part for kind in kinds for part in _parts(kind, words=words)]
    return union_all(*(select(part) for part in parts))


def _parts(kind: Kind, *, words: bool) -> list[Any]:
    spec = _SPECS[kind]
    model: Any = spec.model
    key = model.slug if hasattr(model, "slug") else cast(model.id, Text)
    chosen = select(literal(kind).label("kind"), getattr(model, spec.rules.named_by).label("name"), key.label("key"))
    begins = model.sort_key.between(bindparam("begin", type_=String), bindparam("end", type_=String))
    found = [chosen.where(begins).order_by(model.sort_key, model.id)]
    if words:
        found.append(chosen.where(words_condition(spec)))
    return [each.limit(EACH).subquery() for each in found]


def parameters(typed: str) -> tuple[dict[str, Any], bool]:
    """Return the parameters of `statement`, and whether there are words to search for. typed: so far."""
    begin = sort_key(typed)
    parsed = wanted(f"{typed.rstrip()}*")
    has_words = bool(parsed.longest) and all(len(word) >= LETTERS for word in parsed.beginnings)
    return {"begin": begin, "end": begin + _LAST, **(words_parameters(parsed) if has_words else {})}, has_words


def represent(rows: Sequence[Any], kinds: Sequence[Kind]) -> list[Suggestion]:
    """Return the suggestions in rows of `statement`, EACH of a kind at most: those that begin so come first."""
    found: dict[Kind, dict[str, Suggestion]] = {kind: {} for kind in kinds}
    for kind, name, key in rows:
        if len(found[kind]) < EACH:
            # SQLite has no type for ids: they are text without hyphens.
            found[kind].setdefault(name, Suggestion(kind, name, str(UUID(key)) if kind == "tag" else key))
    return [each for kind in kinds for each in found[kind].values()]
