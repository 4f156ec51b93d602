"""Reading Open Library's editions: its dumps (TSV with JSON in the last of five columns), or JSON alone.

The form of the dumps: openlibrary.org/developers/dumps. JSON is one record a line, or one array or record as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from diptych.core.formats.open_library.author_names import AuthorNames
from diptych.core.formats.open_library.edition import NameOf, raw_book
from diptych.core.formats.open_library.records import EDITION, RAW_MAX, records
from diptych.core.formats.record import RawBook, Reject


def _nobody(_: str) -> str | None:
    return None


def read(stream: BinaryIO, encoding: str | None = None, name_of: NameOf = _nobody) -> Iterator[RawBook | Reject]:
    """Yield the editions. name_of: the names of authors, of whom editions have only the keys (see AuthorNames).

    Records of other types (works, authors, redirects) are counted, and the last reject tells how many there are.
    Raises ValueError for an encoding that is not one of ASCII's supersets; Open Library writes UTF-8.
    """
    others = _Others()
    for number, content in records(stream, encoding):
        if isinstance(content, Reject):
            yield content
            continue
        kind, record = content
        if not isinstance(record, dict):
            yield Reject(number, "the record is no JSON object", str(record)[:RAW_MAX])
        elif kind != EDITION:
            others.add(number, kind)
        else:
            yield raw_book(record, number, name_of)
    if others.first is not None:
        yield others.reject()


def read_named(stream: BinaryIO, encoding: str | None, names: AuthorNames) -> Iterator[RawBook | Reject]:
    """Yield as read() does, with these names of authors, which are closed at the end."""
    try:
        yield from read(stream, encoding, names.name_of)
    finally:
        names.close()


class _Others:
    """Counts the records that are no editions."""

    def __init__(self) -> None:
        self.first: int | None = None
        self._counts: Counter[str] = Counter()

    def add(self, number: int, kind: str) -> None:
        self.first = self.first or number
        self._counts[kind[:40]] += 1

    def reject(self) -> Reject:
        counts = ", ".join(f"{count:,} of type {kind}" for kind, count in self._counts.most_common(10))
        return Reject(self.first or 1, f"left out, because only editions are books, from this line on: {counts}")
