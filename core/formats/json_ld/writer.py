"""Books to JSON-LD: the type Book of schema.org, one graph for all. There is no reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from diptych.core.formats.record import BookRecord, Contributor, SeriesPosition

MEDIA_TYPE = "application/ld+json"
SUFFIX = ".jsonld"

_ROLES = {
    "author": "author",
    "editor": "editor",
    "translator": "translator",
    "illustrator": "illustrator",
    "narrator": "readBy",
}
"""Properties of Book (readBy: of Audiobook), by role. For other roles schema.org has only contributor."""
_KINDS = {"body": "Organization", "meeting": "Event"}
_FORMATS = {"hardcover": "Hardcover", "paperback": "Paperback", "ebook": "EBook", "audiobook": "AudiobookFormat"}
_AGENT = frozenset(("author", "editor", "translator", "contributor"))  # the properties that take an Organization


class JsonLdWriter:
    """Writes each book as a node of a graph."""

    begin = b'{"@context":"https://schema.org","@graph":[\n'
    between = b",\n"
    end = b"\n]}\n"
    notice = None

    def record(self, book: BookRecord) -> bytes:
        """Return one node."""
        return msgspec.json.encode(node(book))


def node(book: BookRecord) -> dict[str, Any]:
    """Return the node of a book, with the properties that the book has."""
    return {name: value for name, value in _properties(book) if value not in (None, [], "")}


def _properties(book: BookRecord) -> Iterator[tuple[str, Any]]:
    """Yield pairs of a property and its value, which may be empty."""
    yield "@type", "Audiobook" if book.format == "audiobook" else "Book"
    yield "name", book.title
    yield "alternativeHeadline", book.subtitle
    yield from _contributors(book)
    yield "isbn", _one_or_all([book.isbn, *(one.value for one in book.identifiers if one.scheme == "isbn")])
    yield "datePublished", book.published or _year(book.year)
    yield "inLanguage", book.language
    yield "publisher", {"@type": "Organization", "name": book.publisher} if book.publisher else None
    yield "bookEdition", book.edition
    yield "bookFormat", f"https://schema.org/{_FORMATS[book.format]}" if book.format in _FORMATS else None
    yield "numberOfPages", book.pages
    yield "isPartOf", [_series(one) for one in book.series]
    if len(book.series) == 1:
        yield "position", book.series[0].position
    yield "keywords", [tag.name for tag in book.tags]
    yield "description", book.description
    yield "url", book.url
    yield "translationOfWork", _original(book)
    yield "identifier", list(_identifiers(book))


def _contributors(book: BookRecord) -> Iterator[tuple[str, Any]]:
    """Yield the contributors by property, in their order."""
    agents: dict[str, list[dict[str, Any]]] = {}
    for one in book.contributors:
        name = _ROLES.get(one.role, "contributor")
        if name not in _AGENT and one.kind in _KINDS:
            name = "contributor"
        if name == "readBy" and book.format != "audiobook":
            name = "contributor"
        agents.setdefault(name, []).append(_agent(one))
    yield from agents.items()


def _agent(one: Contributor) -> dict[str, Any]:
    """Return the node of a contributor: a meeting is an organization too, since an event contributes nothing."""
    if one.kind in _KINDS:
        return {"@type": "Organization", "name": one.name}
    person = {
        "@type": "Person",
        "name": one.name,
        "birthDate": _year(one.birth_year),
        "deathDate": _year(one.death_year),
    }
    return {name: value for name, value in person.items() if value}


def _series(one: SeriesPosition) -> dict[str, Any]:
    series = {"@type": "BookSeries", "name": one.name}
    return series | ({"position": one.position} if one.position else {})


def _original(book: BookRecord) -> dict[str, Any] | None:
    """Return the node of the work that the book is a translation of, if anything is known of it."""
    values = {
        "name": book.original_title,
        "inLanguage": book.original_language,
        "datePublished": _year(book.original_year),
    }
    known = {name: value for name, value in values.items() if value}
    return {"@type": "Book", **known} if book.original_title or book.original_language else None


def _identifiers(book: BookRecord) -> Iterator[dict[str, str]]:
    """Yield the identifiers that have no property, with the name of their scheme."""
    for one in book.identifiers:
        if one.scheme not in {"isbn", "isbn_invalid"}:
            yield {"@type": "PropertyValue", "propertyID": one.scheme, "value": one.value}


def _one_or_all(values: list[str | None]) -> str | list[str] | None:
    known = [value for value in values if value]
    return known[0] if len(known) == 1 else known


def _year(year: int | None) -> str | None:
    """Return a year as ISO 8601 has it: at least four digits, and a sign before our era."""
    if year is None:
        return None
    return f"{'-' if year < 0 else ''}{abs(year):04}"
