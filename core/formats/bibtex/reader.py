"""Entries of a BibTeX or BibLaTeX file to books."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from diptych.core.formats.bibtex import names
from diptych.core.formats.bibtex.blocks import RAW_MAX, RawEntry, entries
from diptych.core.formats.bibtex.fields import (
    COLLECTION_NUMBERS,
    IDENTIFIERS,
    IGNORED,
    PUBLISHERS,
    ROLES,
    VERBATIM,
    editor_role,
)
from diptych.core.formats.bibtex.languages import TAGS
from diptych.core.formats.bibtex.latex import decoded
from diptych.core.formats.bibtex.types import FORMATS, VOLUMES, why_no_book
from diptych.core.formats.bibtex.values import split
from diptych.core.formats.record import RawBook, RawContributor, Reject
from diptych.core.formats.text import Text, is_decoded, one_line, shown, undecodable

SIZE_MAX = 64 << 20
"""Characters of a file, at most: it is read as a whole, since an entry may refer to a later one."""

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"),
    "december",
)
_PAGE_RANGE = re.compile(r"\s*[0-9]+\s*(?:-+|\u2013)\s*[0-9]+\s*")
_URL_COMMAND = re.compile(r"\s*\\(?:url|nolinkurl)\s*\{(.*)\}\s*", re.DOTALL)
_VERBATIM_ESCAPE = re.compile(r"\\([_%&#~$])")


def read(stream: BinaryIO, encoding: str | None = None) -> Iterator[RawBook | Reject]:
    """Yield a book or a reject for each entry.

    Errors: ValueError when the file has no entry, is larger than SIZE_MAX, or has an unknown encoding.
    """
    text = Text(stream, encoding)
    for entry in entries(_whole(text)):
        yield entry if isinstance(entry, Reject) else _read(entry, text.encoding)


def _whole(text: Text) -> str:
    """Return the whole text. Errors: ValueError when it is too large."""
    pieces = []
    size = 0
    for piece in text.pieces():
        size += len(piece)
        if size > SIZE_MAX:
            raise ValueError(
                f"the file has more than {SIZE_MAX >> 20} million characters, and a BibTeX file is read as a whole: "
                "split it, or export RIS or CSL-JSON, which may be of any size"
            )
        pieces.append(piece)
    return "".join(pieces)


def _read(entry: RawEntry, encoding: str) -> RawBook | Reject:
    """Return the book of an entry, or why it is not taken."""
    raw = entry.raw[:RAW_MAX]
    if not is_decoded(entry.raw):
        return Reject(entry.line, f"the entry {undecodable(encoding)}", shown(raw))
    reason = why_no_book(entry.kind, isbn="isbn" in entry.fields)
    return _Reading(entry, raw).book() if reason is None else Reject(entry.line, reason, raw)


class _Reading:
    """Takes the fields of one entry one after another; fields that nothing takes are reported as unread."""

    def __init__(self, entry: RawEntry, raw: str) -> None:
        self._entry = entry
        self._raw = raw
        self._fields = {name: value for name, value in entry.fields.items() if value.strip()}
        self._unread = list(entry.unread)
        self._fields.pop("crossref", None)

    def book(self) -> RawBook:
        """Return the book."""
        book = RawBook(number=self._entry.line, raw=self._raw, record_id=self._entry.key or None)
        titles = ("title", "booktitle") if self._entry.kind in VOLUMES else ("title",)
        book.title, book.subtitle = self._one(*titles), self._one("subtitle", "booksubtitle")
        book.original_title = self._one("origtitle")
        book.contributors = list(self._contributors())
        book.identifiers = [
            (scheme, text) for name, scheme in IDENTIFIERS.items() for text in _several(self._one(name) or "")
        ]
        book.published = self._dates()
        book.original_published = [date] if (date := self._one("origdate", "origyear")) else []
        book.languages = self._languages("language", "langid", "hyphenation")
        book.original_languages = self._languages("origlanguage")
        book.publisher, book.edition = self._one(*PUBLISHERS), self._one("edition")
        book.format = self._one("bookformat") or FORMATS.get(self._entry.kind)
        book.pages = self._pages()
        book.series = self._series()
        book.description = self._paragraphs("abstract")
        book.tags = [(tag, None) for tag in self._keywords("keywords", "keyword")]
        book.url = self._one("url")
        book.unread = list(dict.fromkeys([*self._unread, *(name for name in self._fields if name not in IGNORED)]))
        return book

    def _one(self, *field_names: str) -> str | None:
        """Take the first of the fields that is there, decoded; the others are left."""
        for name in field_names:
            if name in self._fields:
                value = self._fields.pop(name)
                return (_verbatim(value) if name in VERBATIM else self._decoded(value)) or None
        return None

    def _decoded(self, value: str) -> str:
        """Return a value without LaTeX, in one line."""
        text, unknown = decoded(value)
        self._unread += unknown
        return one_line(text)

    def _paragraphs(self, name: str) -> str | None:
        r"""Take a text, of which empty lines and \\ end lines, and other line ends are spaces."""
        paragraphs = re.split(r"\n[ \t]*\n", self._fields.pop(name, ""))
        texts = ["\n".join(map(self._decoded, paragraph.split("\\\\"))) for paragraph in paragraphs]
        return "\n\n".join(filter(None, texts)) or None

    def _keywords(self, *field_names: str) -> Iterator[str]:
        """Yield the keywords: a comma or semicolon in braces is part of one."""
        for name in field_names:
            yield from filter(None, map(self._decoded, split(self._fields.pop(name, ""), ",;")))

    def _contributors(self) -> Iterator[RawContributor]:
        """Yield the contributors, field by field."""
        for field, role in ROLES.items():
            if field not in self._fields:
                continue
            kind = self._fields.pop(f"{field}type", None)
            for contributor in names.contributors(self._fields.pop(field), editor_role(kind) if kind else role):
                if isinstance(contributor, RawContributor):
                    yield contributor
                else:
                    self._unread.append(f"{field} ({contributor})" if contributor == "and others" else contributor)

    def _dates(self) -> list[str]:
        """Take the date, or else the year with its month."""
        date, year, month = self._one("date"), self._one("year"), self._one("month")
        number = _month(month)
        if date is None and month is not None and number is None:
            self._unread.append("month")
        if year and number and re.fullmatch(r"[0-9]{4}", year, re.ASCII):
            year = f"{year}-{number.zfill(2)}"
        return list(dict.fromkeys(filter(None, (date, year))))

    def _languages(self, *field_names: str) -> list[str]:
        """Take the languages of the first field that is there; the others only say how to hyphenate it."""
        for name in field_names:
            if name in self._fields:
                value = self._one(name) or ""
                for further in field_names:
                    self._fields.pop(further, None)
                return [
                    TAGS.get(part.strip().lower(), part.strip())
                    for part in re.split(r" and |[,;]", value)
                    if part.strip()
                ]
        return []

    def _pages(self) -> str | None:
        """Take the number of pages, which is in the field pages of books in some files; a range is none."""
        if "pagetotal" not in self._fields and _PAGE_RANGE.fullmatch(self._fields.get("pages", "")):
            return None
        return self._one("pagetotal", "pages")

    def _series(self) -> list[tuple[str, str | None]]:
        """Take the series (further ones are our writer's), and the work of which the book is a volume."""
        series = []
        if name := self._one("series"):
            main = "maintitle" in self._fields
            series.append((name, self._one("number") if main else self._one(*COLLECTION_NUMBERS)))
        place = 2
        while name := self._one(f"series{place}"):
            series.append((name, self._one(f"number{place}")))
            place += 1
        if name := self._one("maintitle"):
            whole = ": ".join(filter(None, (name, self._one("mainsubtitle"))))
            series.append((whole, self._one("volume")))
        return series


def _verbatim(value: str) -> str:
    """Return a URL or the like, which is no LaTeX, without what is often written around and before its characters."""
    match = _URL_COMMAND.fullmatch(value)
    return one_line(_VERBATIM_ESCAPE.sub(r"\1", match[1] if match else value))


def _several(value: str) -> list[str]:
    """Return the identifiers of a field: several have a comma or semicolon and a space in between."""
    return [text for text in re.split(r"[,;]\s+", value) if text]


def _month(text: str | None) -> str | None:
    """Return the number of a month that is written as a number or a name, which may be shortened to three letters."""
    value = (text or "").strip().strip(".").lower()
    if value.isdecimal() and 1 <= int(value) <= 12:
        return value
    numbers = [number for number, month in enumerate(_MONTHS, start=1) if len(value) >= 3 and month.startswith(value)]
    return str(numbers[0]) if numbers else None
