"""Books to RIS: UTF-8, line ends as the specification wants them (CR LF)."""

from __future__ import annotations

from collections.abc import Iterator

from diptych.core.formats import labels
from diptych.core.formats.name_lines import written
from diptych.core.formats.record import BookRecord
from diptych.core.formats.text import one_line

MEDIA_TYPE = "application/x-research-info-systems"
SUFFIX = ".ris"
LOSSES = ("modified", "further")
"""Fields that do not survive. Besides: years of birth and death, schemes of tags, the kind "meeting" (which becomes
"body") and "person", sort names of bodies, line ends but in the description."""

_TYPES = {"ebook": "EBOOK", "audiobook": "AUDIOBOOK"}
_ROLES = {"author": "AU", "editor": "ED", "translator": "A4"}
_IDENTIFIERS = {"isbn": "SN", "issn": "SN", "doi": "DO"}


class RisWriter:
    """Writes each book as a reference of the type BOOK or EBOOK."""

    begin = b""
    between = b""
    end = b""
    notice = None

    def record(self, book: BookRecord) -> bytes:
        """Return one reference, from TY to ER and an empty line."""
        lines = [f"{tag}  - {value}" for tag, value in _fields(book)]
        return "".join(f"{line}\r\n" for line in [*lines, "ER  - ", ""]).encode()


def _fields(book: BookRecord) -> Iterator[tuple[str, str]]:
    """Yield pairs of a tag and a value."""
    yield "TY", _TYPES.get(book.format or "", "BOOK")
    yield from _said(("ID", book.record_id))
    yield from _titles(book)
    yield from ((_ROLES[one.role], written(one)) for one in book.contributors if one.role in _ROLES)
    yield from _dates(book)
    pages = None if book.pages is None else str(book.pages)
    yield from _said(("PB", book.publisher), ("ET", book.edition), ("LA", book.language), ("SP", pages))
    yield from _said(("SN", book.isbn))
    yield from ((_IDENTIFIERS[one.scheme], one.value) for one in book.identifiers if one.scheme in _IDENTIFIERS)
    if book.series:
        yield from _said(("T2", book.series[0].name), ("VL", book.series[0].position))
    yield from (("KW", one_line(tag.name)) for tag in book.tags)
    if book.description:
        yield "AB", "\r\n  ".join(line.strip() for line in book.description.strip().splitlines())
    yield from _said(("UR", book.url))
    yield from (("N1", note) for note in _notes(book))


def _said(*values: tuple[str, str | None]) -> Iterator[tuple[str, str]]:
    """Yield the pairs that have a value, in one line."""
    yield from ((tag, one_line(value)) for tag, value in values if value)


def _titles(book: BookRecord) -> Iterator[tuple[str, str]]:
    """Yield the whole title, and the short one if there is a subtitle."""
    title = one_line(book.title)
    if book.subtitle:
        yield "TI", f"{title}: {one_line(book.subtitle)}"
        yield "ST", title
    else:
        yield "TI", title


def _dates(book: BookRecord) -> Iterator[tuple[str, str]]:
    """Yield the year, and the date if it says more, with slashes unless it is an interval or before our era."""
    if book.year is not None:
        yield "PY", f"{book.year:04}"
    if book.published and book.published != str(book.year):
        as_it_is = "/" in book.published or book.published.startswith("-")
        yield "DA", book.published if as_it_is else book.published.replace("-", "/")


def _notes(book: BookRecord) -> Iterator[str]:
    """Yield what has no tag of its own."""
    yield from labels.contributors(book, set(labels.ROLES), written)
    yield from labels.identifiers(book)
    yield from labels.further_series(book)
    yield from labels.original(book, labels.ORIGINAL_TITLE, labels.ORIGINAL_DATE, labels.ORIGINAL_LANGUAGE)
    if book.format not in {None, *_TYPES}:
        yield from labels.original(book, labels.FORMAT)
