"""Books to CSL-JSON: an array of items of the type "book"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from diptych.core.formats import labels, name_lines
from diptych.core.formats.csl import names
from diptych.core.formats.csl.reader import ROLES
from diptych.core.formats.keys import made_key
from diptych.core.formats.record import BookRecord
from diptych.core.formats.text import one_line

MEDIA_TYPE = "application/vnd.citationstyles.csl+json"
SUFFIX = ".json"
LOSSES = ("record_id", "modified", "further")
"""Fields that do not survive. Besides: years of birth and death, schemes of tags, the kinds "meeting" (which becomes
"body") and "person", sort names of bodies, the order of contributors of different roles, and a missing record_id."""

_VARIABLES = {role: name for name, role in ROLES.items() if not name.startswith(("collection", "editorial"))}


class CslWriter:
    """Writes each book as an item, in one line."""

    begin = b"[\n"
    between = b",\n"
    end = b"\n]\n"
    notice = None

    def record(self, book: BookRecord) -> bytes:
        """Return one item."""
        return msgspec.json.encode({name: value for name, value in _variables(book) if value not in (None, "", [])})


def _variables(book: BookRecord) -> Iterator[tuple[str, Any]]:
    """Yield pairs of the name and the value of a variable, which may be empty."""
    yield "id", book.record_id or made_key(book)
    yield "type", "book"
    title = one_line(book.title)
    yield "title", f"{title}: {one_line(book.subtitle)}" if book.subtitle else title
    yield "title-short", title if book.subtitle else None
    yield "original-title", book.original_title
    for role, variable in _VARIABLES.items():
        yield variable, [names.written(one) for one in book.contributors if one.role == role]
    yield from _dates(book)
    yield "language", book.language
    yield "publisher", book.publisher
    yield "edition", book.edition
    yield "number-of-pages", None if book.pages is None else str(book.pages)
    yield "medium", book.format
    if book.series:
        yield "collection-title", book.series[0].name
        yield "collection-number", book.series[0].position
    yield "ISBN", " ".join(filter(None, [book.isbn, *_values(book, "isbn")]))
    yield "ISSN", " ".join(_values(book, "issn"))
    yield "DOI", " ".join(_values(book, "doi"))
    yield "keyword", ", ".join(tag.name for tag in book.tags if "," not in tag.name)
    yield "abstract", book.description
    yield "URL", book.url
    yield "note", "\n".join(_notes(book))


def _dates(book: BookRecord) -> Iterator[tuple[str, Any]]:
    if book.published or book.year is not None:
        yield "issued", names.date_parts(book.published or str(book.year))
    if book.original_year is not None:
        yield "original-date", names.date_parts(str(book.original_year))


def _values(book: BookRecord, scheme: str) -> Iterator[str]:
    return (one.value for one in book.identifiers if one.scheme == scheme)


def _notes(book: BookRecord) -> Iterator[str]:
    """Yield what has no variable of its own, one a line."""
    yield from labels.contributors(book, ("foreword",), name_lines.written)
    yield from labels.identifiers(book)
    yield from labels.further_series(book)
    yield from labels.original(book, labels.ORIGINAL_LANGUAGE)
    yield from (f"{labels.KEYWORD}: {one_line(tag.name)}" for tag in book.tags if "," in tag.name)
