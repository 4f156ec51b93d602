"""References of a RIS file to books.

The specification is that of Research Information Systems (2001, and 2011 with types for EndNote). Files differ from it:
spaces around the hyphen, lower-case tags, any line end, a missing ER, text between references. All of these are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from diptych.core.formats import labels
from diptych.core.formats.name_lines import contributor
from diptych.core.formats.record import RawBook, RawContributor, Reject
from diptych.core.formats.ris.lines import REFERENCE_MAX, Field, Reference, Stray, references
from diptych.core.formats.ris.types import FORMATS, why_no_book
from diptych.core.formats.text import Text, is_decoded, one_line, shown, undecodable

RAW_MAX = 10_000
"""Characters of a reference that its reject shows, at most."""

_TITLES = ("TI", "T1", "CT", "BT")
_SERIES = ("T2", "T3")
_DATES = ("DA", "Y1", "PY")
_ROLES = {"AU": "author", "A1": "author", "ED": "editor", "A2": "editor", "A3": "editor", "A4": "translator"}
_DATE = re.compile(r"(\d{4})/(\d{0,2})(?:/(\d{0,2})(?:/.*)?)?", re.ASCII)
_ISSN = re.compile(r"\d{4}-?\d{3}[\dXx]", re.ASCII)


def read(stream: BinaryIO, encoding: str | None = None) -> Iterator[RawBook | Reject]:
    """Yield a book or a reject for each TY, in constant memory.

    Errors: ValueError when the file has no TY, an unknown encoding, or lines that are too long.
    """
    text = Text(stream, encoding)
    found = outside = fields = False
    for item in references(text.lines()):
        if isinstance(item, Reference):
            item.text = item.text or outside
            found, outside = True, False
            yield _read(item, text.encoding)
        elif item.start or (item.field and not fields):
            found = found or item.start
            fields = fields or item.field
            yield Reject(item.line, _why_stray(item), item.content[:RAW_MAX])
        elif not item.field:
            outside = True
    if not found:
        raise ValueError("this is no RIS file: no line begins with TY  - ")


def _why_stray(item: Stray) -> str:
    if item.start:
        return "the line looks like the start of a reference and cannot be read: write TY  - and the type"
    return "the line, and those that follow, are before the first TY, which begins a reference"


def _read(reference: Reference, encoding: str) -> RawBook | Reject:
    """Return the book of a reference, or why it is not taken."""
    whole = "\n".join([f"TY  - {reference.kind}", *map(_as_text, reference.fields)])
    raw = whole[:RAW_MAX]
    if reference.too_long:
        return Reject(reference.line, f"the reference has more than {REFERENCE_MAX} characters: is an ER missing?", raw)
    if not is_decoded(whole):
        return Reject(reference.line, f"the reference {undecodable(encoding)}", shown(raw))
    isbn = any(field.tag == "SN" and not _ISSN.fullmatch(field.lines[0].strip()) for field in reference.fields)
    reason = why_no_book(reference.kind, isbn=isbn)
    if reason is not None:
        return Reject(reference.line, reason, raw)
    return _Reading(reference, raw).book()


def _as_text(field: Field) -> str:
    return f"{field.tag}  - " + "\n".join(field.lines)


class _Reading:
    """Takes the fields of one reference one after another; fields that nothing takes are reported as unread."""

    def __init__(self, reference: Reference, raw: str) -> None:
        self._reference = reference
        self._raw = raw
        self._unread: list[str] = []
        self._fields: dict[str, list[str]] = {}
        for field in reference.fields:
            self._fields.setdefault(field.tag, []).extend(self._values(field))

    def book(self) -> RawBook:
        """Return the book."""
        book = RawBook(number=self._reference.line, raw=self._raw, format=FORMATS.get(self._reference.kind))
        self._titles(book)
        book.contributors = self._contributors()
        book.identifiers = [("issn" if _ISSN.fullmatch(text) else "isbn", text) for text in self._all("SN")]
        book.identifiers += [("doi", text) for text in self._all("DO", "DI")]
        book.published = self._dates()
        book.languages = self._all("LA")
        book.publisher, book.edition, book.record_id = self._one("PB"), self._one("ET"), self._one("ID")
        book.pages = None if "EP" in self._fields else self._one("SP")
        book.series = self._series()
        book.description = self._one("AB", "N2")
        book.tags = [(text, None) for text in self._all("KW")]
        book.url = self._one("UR")
        self._notes(book)
        book.unread = self._unread_fields()
        return book

    def _values(self, field: Field) -> list[str]:
        """Return the values of a field: one a line for keywords, and else one."""
        if field.tag in {"AB", "N2"}:
            text = "\n".join(line.strip() for line in field.lines).strip()
        elif field.tag == "KW":
            return [one_line(line) for line in field.lines if line.strip()]
        elif field.tag in _ROLES:
            text = one_line(field.lines[0])
            if any(line.strip() for line in field.lines[1:]):
                self._unread.append(f"text after {field.tag}")
        else:
            text = one_line(" ".join(field.lines))
        return [text] if text else []

    def _all(self, *tags: str) -> list[str]:
        """Take all values of the tags, without repetitions."""
        return list(dict.fromkeys(text for tag in tags for text in self._fields.pop(tag, [])))

    def _one(self, *tags: str) -> str | None:
        """Take the first value of the first tag that has one. Further, different ones are reported as unread."""
        first: str | None = None
        for tag in tags:
            for text in self._fields.pop(tag, []):
                if first is None:
                    first = text
                elif text != first:
                    self._unread.append(tag)
        return first

    def _titles(self, book: RawBook) -> None:
        """Set the title, and the subtitle if the short title (ST) is the title without it."""
        book.title = self._one(*_TITLES)
        short = next(iter(self._fields.get("ST", [])), None)
        if book.title and short and book.title.startswith(f"{short}: "):
            book.title, book.subtitle = short, book.title[len(short) + 2 :]
            del self._fields["ST"]

    def _contributors(self) -> list[RawContributor]:
        """Take the names in the order of the file.

        The authors of an edited book (EDBOOK) are its editors. Where there is a series, A2 may be its editor (EndNote,
        Zotero) or that of the book (the specification), and becomes a contributor of no certain role.
        """
        roles = dict(_ROLES)
        if self._reference.kind == "EDBOOK":
            roles["AU"] = roles["A1"] = "editor"
        if any(self._fields.get(tag) for tag in _SERIES):
            roles["A2"] = "other"
        for tag in roles:
            self._fields.pop(tag, None)
        return [
            contributor(field.lines[0], roles[field.tag])
            for field in self._reference.fields
            if field.tag in roles and field.lines[0].strip()
        ]

    def _dates(self) -> list[str]:
        """Take the dates, the most exact first; dates without a year ("July") are reported as unread."""
        dates = [(text, tag) for tag in _DATES for text in self._all(tag)]
        self._unread += [tag for text, tag in dates if not any(char.isdigit() for char in text)]
        texts = [_date(text) for text, _ in dates if any(char.isdigit() for char in text)]
        return sorted(dict.fromkeys(texts), key=lambda text: -text.count("-"))

    def _series(self) -> list[tuple[str, str | None]]:
        """Take the series, whose first has the number of the volume (VL, or M1 as in Zotero)."""
        names = self._all(*_SERIES)
        if not names:
            return []
        position = self._one("VL") or self._one("M1")
        return [(name, position if place == 0 else None) for place, name in enumerate(names)]

    def _notes(self, book: RawBook) -> None:
        """Take the notes that have a label of diptych.core.formats.labels."""
        for note in self._fields.pop("N1", []):
            if not labels.take(note, book, contributor):
                self._unread.append("N1")

    def _unread_fields(self) -> list[str]:
        """Return what was not taken."""
        told = [*self._unread, *(tag for tag, values in self._fields.items() if values)]
        if self._reference.text:
            told.append("text between references")
        if self._reference.after_end:
            told.append("fields after ER")
        return list(dict.fromkeys(told))


def _date(text: str) -> str:
    """Return YYYY/MM/DD/other, of which only the year is needed, as YYYY-MM-DD; other texts as they are."""
    match = _DATE.fullmatch(text)
    if match is None:
        return text
    year, month, day = match.groups()
    parts = [year]
    for part in (month, day):
        if not part or int(part) == 0:
            break
        parts.append(part.zfill(2))
    return "-".join(parts)
