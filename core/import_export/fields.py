"""The fields that a column can be mapped to, and the usual names of columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from diptych.core.catalogue.books.schemas import BookInput
from diptych.core.engine.schemas.base import query_type

PERSON_FIELDS = ("author", "editor", "translator", "illustrator", "narrator", "foreword", "compiler")
"""Fields for people in a role of the same name; in the plural, a cell holds several."""
PLURALS = {f"{field}s": field for field in PERSON_FIELDS}
NUMBER_FIELDS = ("issn", "oclc", "lccn", "olid", "doi", "asin", "ean", "goodreads", "librarything")
"""Fields for identifiers of a scheme of the same name."""


@dataclass(frozen=True, slots=True)
class FieldColumns:
    """The columns of a field: the first of `best` that is not empty, and all of `also`."""

    best: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


# Names that columns go by, best first, without case, spaces, "_" and "-".
_USUAL: dict[str, tuple[str, ...]] = {
    "title": ("title", "name", "booktitle", "originaltitle"),
    "subtitle": ("subtitle",),
    "original_title": ("originaltitle",),
    "contributors": ("contributors",),
    "author": ("authors", "author", "firstauthor", "primaryauthor", "bookauthor", "creator", "by"),
    "author_sort": ("authorsort", "authorlf"),
    "editor": ("editors", "editor"),
    "translator": ("translators", "translator"),
    "illustrator": ("illustrators", "illustrator"),
    "narrator": ("narrators", "narrator"),
    "foreword": ("foreword",),
    "compiler": ("compilers", "compiler"),
    "isbn": ("isbn", "isbn10"),
    "isbn13": ("isbn13",),
    "issn": ("issn",),
    "oclc": ("oclc", "oclcnumber"),
    "lccn": ("lccn",),
    "olid": ("olid",),
    "doi": ("doi",),
    "asin": ("asin",),
    "ean": ("ean", "ean13"),
    "goodreads": ("goodreads", "goodreadsid", "goodreadsbookid"),
    "librarything": ("librarything", "librarythingid"),
    "identifiers": ("identifiers",),
    "published": (
        "published",
        "publicationdate",
        "publisheddate",
        "publishdate",
        "datepublished",
        "pubdate",
        "year",
        "publicationyear",
        "yearpublished",
        "yearofpublication",
        "date",
        "originalpublicationyear",
    ),
    "original_year": ("originalyear", "originalpublicationyear", "originalpublicationdate", "firstpublished"),
    "language": ("language", "languages", "languagecode", "lang"),
    "original_language": ("originallanguage", "originallanguages"),
    "publisher": ("publisher", "publishers"),
    "edition": ("edition",),
    "format": ("format", "binding", "physicalformat", "bookformat"),
    "pages": ("pages", "numpages", "numberofpages", "pagecount", "pagetotal"),
    "series": ("series", "seriesname"),
    "series_position": ("seriesposition", "seriesindex", "seriesnumber"),
    "description": ("description", "summary", "abstract", "notes"),
    "tags": ("tags", "subjects", "genres", "keywords"),
    "url": ("url",),
    "record_id": ("recordid",),
}
USUAL_COLUMNS = {field: FieldColumns(names) for field, names in _USUAL.items()}
USUAL_COLUMNS["author"] = FieldColumns(_USUAL["author"], ("additionalauthors", "secondaryauthor", "secondaryauthors"))

# Members of a book that have another name as a field here, or are found by it.
_ELSEWHERE = frozenset(["author_id", "publisher_id", "year", "identifiers", "series", "contributors", "tags"])
FURTHER: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(query_type(BookInput, name))
    for name in BookInput.model_fields
    if name not in _USUAL and name not in _ELSEWHERE
}
"""Fields of a book without an entry above: they are read from the column of their name, as a query string has them."""
USUAL_COLUMNS |= {name: FieldColumns((name.replace("_", ""),)) for name in FURTHER}

FIELDS = tuple(USUAL_COLUMNS)
"""What a column can be mapped to."""
ALIASES = {**PLURALS, "year": "published", "original_published": "original_year"}
"""Other names of fields."""
PLURAL_COLUMNS = frozenset(
    [*PLURALS, "contributors", "additionalauthors", "secondaryauthor", "secondaryauthors", *_USUAL["tags"]]
)
"""Columns under these names hold several values in a cell."""


@lru_cache(maxsize=1024)
def plain(name: str) -> str:
    """Return a column name without case, spaces, "_" and "-"."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def field_named(key: str) -> str:
    """Return the field that a key means: its name, its plural or another name. Raises ValueError if there is none."""
    field = ALIASES.get(key, key)
    if field not in USUAL_COLUMNS:
        raise ValueError(f"unknown field {key!r}: there are {', '.join(FIELDS)}")
    return field


def column_named(name: str, columns: Sequence[str] | None) -> str:
    """Return a column as the file writes it; raise ValueError if the file is known not to have it."""
    if columns is None or name in columns:
        return name
    for there in columns:
        if plain(there) == plain(name):
            return there
    raise ValueError(f"the file has no column {name!r}: there are {', '.join(columns)}")
