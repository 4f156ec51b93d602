"""Labels of values for which a format has no field, in its notes: "OCLC: 1234", "Illustrator: Doe, Jane".

The labels are those that Zotero and Juris-M take from the field "extra", where there are such.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from diptych.core.formats.record import BookRecord, Contributor, RawBook, RawContributor
from diptych.core.formats.text import one_line

ROLES = {
    "illustrator": "Illustrator",
    "narrator": "Narrator",
    "foreword": "Foreword by",
    "compiler": "Compiler",
    "other": "Contributor",
}
IDENTIFIERS = {
    "isbn_invalid": "Invalid ISBN",
    "oclc": "OCLC",
    "lccn": "LCCN",
    "olid": "OLID",
    "asin": "ASIN",
    "goodreads": "Goodreads",
    "librarything": "LibraryThing",
    "ean": "EAN",
}
ORIGINAL_TITLE = "Original title"
ORIGINAL_DATE = "Original date"
ORIGINAL_LANGUAGE = "Original language"
FORMAT = "Format"
SERIES = "Series"
KEYWORD = "Keyword"

_LABELS = {
    **{label.casefold(): ("role", role) for role, label in ROLES.items()},
    **{label.casefold(): ("identifier", scheme) for scheme, label in IDENTIFIERS.items()},
    **{
        label.casefold(): (label, "")
        for label in (ORIGINAL_TITLE, ORIGINAL_DATE, ORIGINAL_LANGUAGE, FORMAT, SERIES, KEYWORD)
    },
}
_POSITION = " ; "  # as ISBD has it between a series and its number


def take(note: str, book: RawBook, contributor: Callable[[str, str], RawContributor]) -> bool:
    """Add what a note gives to the book, and tell whether it has a label. contributor: of a name and a role."""
    label, _, text = note.partition(":")
    kind, which = _LABELS.get(label.strip().casefold().replace("-", " "), ("", ""))
    value = text.strip()
    if not kind or not value:
        return False
    match kind:
        case "role":
            book.contributors = [*book.contributors, contributor(value, which)]
        case "identifier":
            book.identifiers = [*book.identifiers, (which, value)]
        case "Original title":
            book.original_title = value
        case "Original date":
            book.original_published = [*book.original_published, value]
        case "Original language":
            book.original_languages = [*book.original_languages, value]
        case "Format":
            book.format = value
        case "Keyword":
            book.tags = [*book.tags, (value, None)]
        case _:
            name, separator, position = value.rpartition(_POSITION)
            book.series = [*book.series, (name, position) if separator else (value, None)]
    return True


def contributors(book: BookRecord, roles: Collection[str], written: Callable[[Contributor], str]) -> Iterator[str]:
    """Yield a note for each contributor in one of these roles."""
    yield from (f"{ROLES[one.role]}: {written(one)}" for one in book.contributors if one.role in roles)


def identifiers(book: BookRecord) -> Iterator[str]:
    """Yield a note for each identifier that is no ISBN, ISSN or DOI."""
    yield from (f"{IDENTIFIERS[one.scheme]}: {one.value}" for one in book.identifiers if one.scheme in IDENTIFIERS)


def further_series(book: BookRecord) -> Iterator[str]:
    """Yield a note for each series but the first."""
    for series in book.series[1:]:
        yield f"{SERIES}: {_POSITION.join(map(one_line, filter(None, (series.name, series.position))))}"


def original(book: BookRecord, *names: str) -> Iterator[str]:
    """Yield a note for each of these labels (ORIGINAL_..., FORMAT) of which the book has the value."""
    values = {
        ORIGINAL_TITLE: one_line(book.original_title or ""),
        ORIGINAL_DATE: "" if book.original_year is None else str(book.original_year),
        ORIGINAL_LANGUAGE: book.original_language,
        FORMAT: book.format,
    }
    yield from (f"{name}: {values[name]}" for name in names if values[name])
