"""Items of a CSL-JSON file to books."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from diptych.core.formats import labels, name_lines
from diptych.core.formats.csl import names
from diptych.core.formats.csl.items import Item, items
from diptych.core.formats.csl.types import why_no_book
from diptych.core.formats.record import RawBook, RawContributor, Reject
from diptych.core.formats.text import Text, one_line

ROLES = {
    "author": "author",
    "editor": "editor",
    "translator": "translator",
    "illustrator": "illustrator",
    "narrator": "narrator",
    "compiler": "compiler",
    "contributor": "other",
    "collection-editor": "other",
    "editorial-director": "other",
}
_FORMATS = frozenset(("hardcover", "paperback", "ebook", "audiobook", "other"))
# The markup that CSL-JSON allows in texts ("Rich text" in the documentation of citeproc-js).
_MARKUP = re.compile(r"</?(?:i|b|sup|sub|sc)>|<span (?:class|style)=\"[^\"<>]*\">|</span>")
_IGNORED = frozenset(("type", "citation-key", "citation-label"))


def read(stream: BinaryIO, encoding: str | None = None) -> Iterator[RawBook | Reject]:
    """Yield a book or a reject for each item of an array or of JSON Lines, in constant memory.

    Errors: ValueError when the file begins with neither [ nor {, or the encoding is not known.
    """
    text = Text(stream, encoding)
    for item in items(piece.encode("utf-8", "surrogatepass") for piece in text.pieces()):
        yield _read(item)


def _read(item: Item) -> RawBook | Reject:
    """Return the book of an item, or why it is not taken."""
    shown = item.data[:10_000].decode("utf-8", "replace")
    if item.broken is not None:
        return Reject(item.line, f"the item cannot be read: {item.broken}", shown)
    try:
        fields = msgspec.json.decode(item.data, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Reject(item.line, f"the item is no JSON: {error}", shown)
    reason = why_no_book(fields.get("type"), isbn=bool(fields.get("ISBN")))
    return _Reading(item.line, fields).book() if reason is None else Reject(item.line, reason, fields)


class _Reading:
    """Takes the variables of one item one after another; variables that nothing takes are reported as unread."""

    def __init__(self, line: int, fields: dict[str, Any]) -> None:
        self._line = line
        self._raw = fields
        self._fields = {name: value for name, value in fields.items() if value not in (None, "", [], {})}
        self._unread: list[str] = []

    def book(self) -> RawBook:
        """Return the book."""
        book = RawBook(number=self._line, raw=self._raw)
        self._titles(book)
        book.original_title = self._one("original-title")
        book.contributors = [one for name, role in ROLES.items() for one in self._names(name, role)]
        schemes = (("isbn", "ISBN"), ("issn", "ISSN"), ("doi", "DOI"))
        book.identifiers = [(scheme, text) for scheme, name in schemes for text in self._all(name)]
        book.published = self._dates("issued")
        book.original_published = self._dates("original-date")
        book.languages = self._all("language")
        book.publisher, book.edition = self._one("publisher"), self._one("edition")
        book.pages = self._one("number-of-pages")
        book.series = self._series()
        book.description = self._text("abstract")
        book.tags = [(tag.strip(), None) for text in self._all("keyword") for tag in text.split(",") if tag.strip()]
        book.url, book.record_id = self._one("URL"), self._one("id")
        if self._fields.get("medium") in _FORMATS:
            book.format = self._one("medium")
        self._notes(book)
        book.unread = list(dict.fromkeys([*self._unread, *(name for name in self._fields if name not in _IGNORED)]))
        return book

    def _text(self, name: str) -> str | None:
        """Take a text or number, as it is; anything else is left, and so told."""
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        del self._fields[name]
        return str(value).strip() or None

    def _one(self, name: str) -> str | None:
        """Take a text or number in one line."""
        text = self._text(name)
        if text is None:
            return None
        bare = _MARKUP.sub("", text)
        if bare != text:
            self._unread.append(f"formatting of {name}")
        return one_line(bare)

    def _all(self, name: str) -> list[str]:
        """Take one text or a list of texts."""
        value = self._fields.get(name)
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            del self._fields[name]
            return [one_line(part) for part in value if part.strip()]
        text = self._one(name)
        return [] if text is None else [text]

    def _titles(self, book: RawBook) -> None:
        """Set the title, and the subtitle if the short title is the title without it."""
        book.title = self._one("title")
        short = self._fields.get("title-short") or self._fields.get("shortTitle")
        if book.title and isinstance(short, str) and book.title.startswith(f"{one_line(short)}: "):
            book.title, book.subtitle = one_line(short), book.title[len(one_line(short)) + 2 :]
            self._fields.pop("title-short", None)
            self._fields.pop("shortTitle", None)

    def _names(self, name: str, role: str) -> Iterator[RawContributor]:
        """Take the names of a variable."""
        values = self._fields.pop(name, [])
        for value in values if isinstance(values, list) else [values]:
            one = names.contributor(value, role)
            if one is None:
                self._unread.append(name)
            else:
                yield one

    def _dates(self, name: str) -> list[str]:
        """Take a date."""
        if name not in self._fields:
            return []
        text, unread_parts = names.date(self._fields.pop(name))
        self._unread += [f"{name} ({part})" for part in unread_parts] if text else [name]
        return [text] if text else []

    def _series(self) -> list[tuple[str, str | None]]:
        """Take the series with its number."""
        name = self._one("collection-title")
        return [] if name is None else [(name, self._one("collection-number"))]

    def _notes(self, book: RawBook) -> None:
        """Take the lines of the note that have a label, as Zotero and citeproc-js do."""
        note = self._text("note")
        for line in (note or "").splitlines():
            if line.strip() and not labels.take(line, book, name_lines.contributor):
                self._unread.append("note")
