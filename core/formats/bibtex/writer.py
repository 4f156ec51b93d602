"""Books to BibLaTeX in UTF-8, of which BibTeX reads the fields that it knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from diptych.core.formats.bibtex.fields import IDENTIFIERS
from diptych.core.formats.bibtex.latex import escaped
from diptych.core.formats.bibtex.names import written
from diptych.core.formats.keys import made_key
from diptych.core.formats.record import BookRecord
from diptych.core.formats.text import one_line

MEDIA_TYPE = "application/x-bibtex"
SUFFIX = ".bib"
LOSSES = ("record_id", "modified", "further")
"""Fields that do not survive. Besides: years of birth and death, schemes of tags, the kinds "meeting" (which becomes
"body") and "person", sort names of bodies, the order of contributors of different roles, and a record_id
that is missing, cannot be a key, or is there twice."""

_FIELDS = {
    "author": "author",
    "editor": "editor",
    "compiler": "compiler",
    "translator": "translator",
    "illustrator": "illustrator",
    "narrator": "narrator",
    "foreword": "foreword",
    "other": "contributor",
}
_IDENTIFIER_FIELDS = {scheme: field for field, scheme in IDENTIFIERS.items()}
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:.+/-]*")
_VERBATIM_SPECIAL = re.compile(r"[{}\\]")


class BibtexWriter:
    """Writes each book as an entry @book. It remembers the keys that it has used, so that none is there twice."""

    begin = b""
    between = b"\n"
    end = b""
    notice = None

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def record(self, book: BookRecord) -> bytes:
        """Return one entry."""
        lines = [f"  {name} = {{{value}}},\n" for name, value in _fields(book) if value]
        return f"@book{{{self._key(book)},\n{''.join(lines)}}}\n".encode()

    def _key(self, book: BookRecord) -> str:
        """Return the record_id if it can be a key, else one that depends on the book alone, such as doe1999-3f2a9c1b.

        One that is used already gets a number.
        """
        key = book.record_id if book.record_id and _KEY.fullmatch(book.record_id) else made_key(book)
        number = self._used.get(key.lower(), 0) + 1
        self._used[key.lower()] = number
        return key if number == 1 else self._key_with(f"{key}-{number}")

    def _key_with(self, key: str) -> str:
        """Return a key with a number, unless it is used too."""
        while key.lower() in self._used:
            key += "a"
        self._used[key.lower()] = 1
        return key


def _fields(book: BookRecord) -> Iterator[tuple[str, str]]:
    """Yield pairs of the name of a field and its value in LaTeX, which may be empty."""
    for role, field in _FIELDS.items():
        yield field, " and ".join(written(one) for one in book.contributors if one.role == role)
    yield "title", _text(book.title)
    yield "subtitle", _text(book.subtitle)
    yield "origtitle", _text(book.original_title)
    yield from _dates(book)
    yield "publisher", _text(book.publisher)
    yield "edition", _text(book.edition)
    yield "language", _text(book.language)
    yield "origlanguage", _text(book.original_language)
    yield "pagetotal", "" if book.pages is None else str(book.pages)
    yield "bookformat", _text(book.format)
    yield from _series(book)
    yield from _identifiers(book)
    yield "keywords", ", ".join(_keyword(tag.name) for tag in book.tags)
    yield "abstract", _paragraphs(book.description or "")
    yield "url", _verbatim(book.url or "")


def _dates(book: BookRecord) -> Iterator[tuple[str, str]]:
    """Yield the date for BibLaTeX, and the year for BibTeX."""
    year = "" if book.year is None else str(book.year)
    yield "date", book.published if book.published and book.published != year else ""
    yield "year", year
    yield "origdate", "" if book.original_year is None else str(book.original_year)


def _series(book: BookRecord) -> Iterator[tuple[str, str]]:
    """Yield the first series for everybody, and the others in fields of our own (series2, number2, ...)."""
    for place, series in enumerate(book.series, start=1):
        number = "" if place == 1 else str(place)
        yield f"series{number}", _text(series.name)
        yield f"number{number}", _text(series.position)


def _identifiers(book: BookRecord) -> Iterator[tuple[str, str]]:
    """Yield the identifiers of each scheme, separated by commas."""
    values: dict[str, list[str]] = {"isbn": [book.isbn] if book.isbn else []}
    for identifier in book.identifiers:
        values.setdefault(identifier.scheme, []).append(identifier.value)
    for scheme, field in _IDENTIFIER_FIELDS.items():
        write = _verbatim if field == "doi" else _text
        yield field, ", ".join(map(write, values.get(scheme, [])))


def _text(value: str | None) -> str:
    return escaped(one_line(value or ""))


def _keyword(name: str) -> str:
    """Return a keyword, in braces if a comma would take it apart."""
    return f"{{{_text(name)}}}" if "," in name or ";" in name else _text(name)


def _paragraphs(description: str) -> str:
    r"""Return paragraphs with an empty line between them, and lines with \\ in between."""
    paragraphs = re.split(r"\n[ \t]*\n", description.strip())
    return "\n\n".join("\\\\\n".join(map(_text, paragraph.splitlines())) for paragraph in paragraphs)


def _verbatim(value: str) -> str:
    """Return a URL or DOI with braces and backslashes percent-encoded: they would break the entry."""
    return _VERBATIM_SPECIAL.sub(lambda match: f"%{ord(match[0]):02X}", one_line(value))
