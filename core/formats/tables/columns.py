"""The columns of a table of books, which `import` knows by their names.

diptych.core.import_export.presets has the same names, in which cells several values are between semicolons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from diptych.core.formats.record import BookRecord
from diptych.core.formats.tables.cells import joined

LOSSES = ("modified", "further")
"""Fields that do not survive. Besides: years of birth and death, kinds of contributors, sort names but of authors, the
order of contributors of different roles, schemes of tags."""


def _people(role: str) -> Callable[[BookRecord], str]:
    return lambda book: joined(one.name for one in book.contributors if one.role == role)


def _sort_names(book: BookRecord) -> str:
    return joined(one.sort_name for one in book.contributors if one.role == "author")


def _text(name: str) -> Callable[[BookRecord], str]:
    return lambda book: "" if (value := getattr(book, name)) is None else str(value)


def _year(name: str) -> Callable[[BookRecord], str]:
    return lambda book: "" if (value := getattr(book, name)) is None else f"{'-' * (value < 0)}{abs(value):04}"


COLUMNS: dict[str, Callable[[BookRecord], str]] = {
    "title": _text("title"),
    "subtitle": _text("subtitle"),
    "authors": _people("author"),
    "author_sort_names": _sort_names,
    "editors": _people("editor"),
    "translators": _people("translator"),
    "illustrators": _people("illustrator"),
    "narrators": _people("narrator"),
    "foreword": _people("foreword"),
    "compilers": _people("compiler"),
    "contributors": _people("other"),
    "isbn": _text("isbn"),
    "identifiers": lambda book: joined(f"{one.scheme}:{one.value}" for one in book.identifiers),
    "published": _text("published"),
    "year": _year("year"),
    "language": _text("language"),
    "publisher": _text("publisher"),
    "edition": _text("edition"),
    "format": _text("format"),
    "pages": _text("pages"),
    "series": lambda book: joined(one.name for one in book.series),
    "series_position": lambda book: joined(one.position for one in book.series),
    "description": _text("description"),
    "tags": lambda book: joined(tag.name for tag in book.tags),
    "url": _text("url"),
    "original_title": _text("original_title"),
    "original_language": _text("original_language"),
    "original_year": _year("original_year"),
    "record_id": _text("record_id"),
}
"""What each column holds of a book."""


def cells(book: BookRecord) -> Iterable[str]:
    """Return the cells of a book, as they are before a format quotes them."""
    return (column(book) for column in COLUMNS.values())
