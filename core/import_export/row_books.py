"""A row of a table as a book, by the columns of its file; values stay as they stand in the cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import field as member
from pydantic import ValidationError

from diptych.core.catalogue.books.contributors import AUTHOR
from diptych.core.catalogue.books.identifiers import SCHEMES
from diptych.core.engine.schemas.error_messages import detail
from diptych.core.formats.normalization import shortened
from diptych.core.formats.record import RawBook, Trouble
from diptych.core.formats.values.dates import year_first
from diptych.core.formats.values.isbns import isbns
from diptych.core.import_export.cells import is_empty, items, text_of
from diptych.core.import_export.column_mapping import ColumnMap
from diptych.core.import_export.column_rules import ColumnRule
from diptych.core.import_export.fields import FURTHER, NUMBER_FIELDS, PERSON_FIELDS, plain
from diptych.core.import_export.row_people import people_in, with_sort_names

Cells = list[tuple[str, Any]]
"""The cells of a field that are not empty, with their columns."""

_ISBN_FORM = re.compile(r"[0-9][0-9 -]{8,15}[0-9Xx]")
_ASIN_FORM = re.compile(r"B[0-9A-Z]{9}")
_SCHEME_NAMES = {scheme: scheme for scheme in SCHEMES} | {
    "amazon": "asin",
    "mobi-asin": "asin",
    "openlibrary": "olid",
    "isbn10": "isbn",
    "isbn13": "isbn",
}
_WHOLE = re.compile(r"\A([0-9]+)\.0+\Z")


class TabularBook(RawBook, kw_only=True):
    """A row as a book. further: valid values of fields that only the catalogue knows. troubles: cells left out."""

    further: dict[str, Any] = member(default_factory=dict)
    troubles: list[Trouble] = member(default_factory=list)


class RowCells:
    """The cells of one row, on their way into a book."""

    def __init__(self, mapping: ColumnMap, row: Mapping[str, Any], book: TabularBook) -> None:
        self.mapping = mapping
        self.row = row
        self.book = book

    def fill(self) -> None:
        """Set the members of the book that the row says."""
        for field, keys in self.mapping.keys_of(self.row).items():
            cells: Cells = []
            for key in keys.best:
                if not is_empty(value := self.row[key]):
                    cells.append((key, value))
                    if field != "published":
                        break
            cells += [(key, value) for key in keys.also if not is_empty(value := self.row[key])]
            if cells:
                _FILLERS[field](self, field, cells)

    def rule(self, key: str) -> ColumnRule:
        return self.mapping.rule(key)

    def add_trouble(self, field: str, value: object, reason: str) -> None:
        """Note that a value is left out."""
        self.book.troubles.append(Trouble(field, shortened(value), reason))

    def texts(self, field: str, cells: Cells) -> Iterator[tuple[str, str]]:
        """Yield the texts in cells, with their columns; report values that are no text."""
        for key, value in cells:
            if isinstance(value, str):
                yield key, value
                continue
            for item in items(value):
                try:
                    yield key, text_of(item)
                except ValueError as error:
                    self.add_trouble(field, item, str(error))


def _fill_text(cells: RowCells, field: str, given: Cells) -> None:
    """Set a member that has one value; further ones are left out and reported."""
    if len(given) == 1 and isinstance(given[0][1], str):
        setattr(cells.book, field, given[0][1])
        return
    texts = list(cells.texts(field, given))
    if texts:
        setattr(cells.book, field, texts[0][1])
    for _, other in texts[1:]:
        if other != texts[0][1] and len(given) == 1:
            cells.add_trouble(field, other, "only the first is kept")


def _fill_dates(cells: RowCells, field: str, given: Cells) -> None:
    dates = cells.book.published if field == "published" else cells.book.original_published
    for key, text in cells.texts(field, given):
        month_first = cells.rule(key).month_first
        dates.append(text if month_first is None else year_first(text, month_first=month_first))


def _fill_languages(cells: RowCells, field: str, given: Cells) -> None:
    texts = [text for _, text in cells.texts(field, given)]
    if field == "language":
        cells.book.languages += texts
    else:
        cells.book.original_languages += texts


def _fill_people(cells: RowCells, field: str, given: Cells) -> None:
    role = "other" if field == "contributors" else field
    preset = cells.mapping.preset
    for key, value in given:
        roles = "" if preset is None else _cell(cells.row, preset.roles.get(plain(key)))
        for person in people_in(value, role, cells.rule(key), roles):
            if isinstance(person, ValueError):
                cells.add_trouble(field, value, str(person))
            else:
                cells.book.contributors.append(person)


def _cell(row: Mapping[str, Any], column: str | None) -> str:
    """Return the text in a column of this plain name, or ""."""
    if column is None:
        return ""
    return next((value for key, value in row.items() if plain(key) == column and isinstance(value, str)), "")


def _fill_sort_names(cells: RowCells, _: str, given: Cells) -> None:
    names = [name for key, text in cells.texts("author_sort", given) for name in cells.rule(key).split(text)]
    cells.book.contributors = with_sort_names(cells.book.contributors, names, AUTHOR)


def _fill_isbn(cells: RowCells, field: str, given: Cells) -> None:
    preset = cells.mapping.preset
    for key, text in cells.texts(field, given):
        if preset is not None and plain(key) in preset.uid and not _ISBN_FORM.fullmatch(text.strip()):
            _fill_uid(cells.book, text.strip())
        else:
            cells.book.identifiers.append(("isbn", text))


def _fill_uid(book: TabularBook, text: str) -> None:
    """Set what a program has in the place of an ISBN: Amazon's number, or its own."""
    if _ASIN_FORM.fullmatch(text):
        book.identifiers.append(("asin", text))
    else:
        book.record_id = text


def _fill_isbn13(cells: RowCells, field: str, given: Cells) -> None:
    """Add the ISBN of 13 digits, unless it contradicts that of 10: it is not known which is right."""
    book = cells.book
    texts = [text for _, text in cells.texts(field, given)]
    before = [text for scheme, text in book.identifiers if scheme == "isbn"]
    if len(texts) == len(before) == 1:
        (short, _), (long, _) = isbns(before[0]), isbns(texts[0])
        if short and long and short != long:
            book.identifiers = [pair for pair in book.identifiers if pair[0] != "isbn"]
            cells.add_trouble("isbn", before[0], f"isbn and isbn13 disagree: they are {short[0]} and {long[0]}")
            return
    book.identifiers += [("isbn", text) for text in texts]


def _fill_number(cells: RowCells, field: str, given: Cells) -> None:
    cells.book.identifiers += [(field, text) for _, text in cells.texts(field, given)]


def _fill_identifiers(cells: RowCells, field: str, given: Cells) -> None:
    """Add numbers such as calibre's "isbn:9780756411800,amazon:B00X"."""
    for key, value in given:
        pairs = value.items() if isinstance(value, dict) else _scheme_pairs(value, cells.rule(key))
        for name, number in pairs:
            scheme = _SCHEME_NAMES.get(str(name).strip().lower())
            if scheme is None or not isinstance(number, str):
                cells.add_trouble(field, f"{name}:{number}", "is of no scheme that is kept")
            else:
                cells.book.identifiers.append((scheme, number.strip()))


def _scheme_pairs(value: Any, rule: ColumnRule) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, str):
        parts: Iterable[Any] = rule.split(value) if rule.exact else value.split(",")
    else:
        parts = items(value)
    for part in parts:
        if isinstance(part, dict):
            yield part.get("scheme"), part.get("value")
        elif str(part).strip():
            name, _, number = str(part).partition(":")
            yield name, number


def _fill_tags(cells: RowCells, field: str, given: Cells) -> None:
    for key, value in given:
        rule = cells.rule(key)
        if isinstance(value, str):
            cells.book.tags += [(name, None) for name in rule.split(value)]
            continue
        if isinstance(value, list) and all(isinstance(item, dict) and _string(item.get("name")) for item in value):
            cells.book.tags += [(item["name"], _string(item.get("scheme"))) for item in value]
            continue
        # LibraryThing's subjects are lists of their parts.
        flat = [" -- ".join(map(str, item)) if isinstance(item, list) else item for item in items(value)]
        cells.book.tags += [(text, None) for _, text in cells.texts(field, [(key, flat)])]


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _fill_series(cells: RowCells, field: str, given: Cells) -> None:
    for key, value in given:
        rule = cells.rule(key)
        for item in rule.split(value) if rule.exact and isinstance(value, str) else items(value):
            position = item.get("position") if isinstance(item, dict) else None
            for _, name in cells.texts(field, [("", item)]):
                cells.book.series.append((name, position if isinstance(position, str) else None))


def _fill_position(cells: RowCells, field: str, given: Cells) -> None:
    """Set the place in the one series that the row has; in an exact cell, the places in all of them."""
    texts = [(cells.rule(key), text) for key, text in cells.texts(field, given)]
    if texts and texts[0][0].exact:
        places = texts[0][0].split(texts[0][1])
        if len(places) == len(cells.book.series):
            cells.book.series = [(name, place) for (name, _), place in zip(cells.book.series, places, strict=True)]
        else:
            cells.add_trouble(field, texts[0][1], "is not one place for each series")
    elif len(cells.book.series) == 1 and texts:
        cells.book.series = [(cells.book.series[0][0], _WHOLE.sub(r"\1", texts[0][1].strip()))]


def _fill_further(cells: RowCells, field: str, given: Cells) -> None:
    for _, text in cells.texts(field, given[:1]):
        try:
            cells.book.further[field] = FURTHER[field].validate_python(text)
        except ValidationError as error:
            cells.add_trouble(field, text, "; ".join(detail(each) for each in error.errors(include_url=False)))


_Filler = Callable[[RowCells, str, Cells], None]
_TEXTS = (
    "title", "subtitle", "original_title", "publisher", "edition", "format", "pages", "description", "url", "record_id",
)  # fmt: skip
_FILLERS: dict[str, _Filler] = {
    **dict.fromkeys(_TEXTS, _fill_text),
    **dict.fromkeys([*PERSON_FIELDS, "contributors"], _fill_people),
    "author_sort": _fill_sort_names,
    "isbn": _fill_isbn,
    "isbn13": _fill_isbn13,
    **dict.fromkeys(NUMBER_FIELDS, _fill_number),
    "identifiers": _fill_identifiers,
    "published": _fill_dates,
    "original_year": _fill_dates,
    "language": _fill_languages,
    "original_language": _fill_languages,
    "series": _fill_series,
    "series_position": _fill_position,
    "tags": _fill_tags,
    **dict.fromkeys(FURTHER, _fill_further),
}


def default_book(field: str, text: str, rule: ColumnRule) -> TabularBook:
    """Return a book that has only a default, whose text is split by the rule."""
    book = TabularBook(number=0)
    mapping = ColumnMap({}, {plain(field): rule}, (), None)
    _FILLERS[field](RowCells(mapping, {}, book), field, [(field, text)])
    return book


def row_book(row: dict[str, Any], number: int, mapping: ColumnMap) -> TabularBook:
    """Return the book of a row: `number` is where it stands in the file."""
    book = TabularBook(number=number, raw=row)
    RowCells(mapping, row, book).fill()
    return book
