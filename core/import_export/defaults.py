"""Values that the user gives for books that have none in a field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from diptych.core.formats.normalization import normalized
from diptych.core.formats.record import RawBook, Reject
from diptych.core.import_export.column_rules import ColumnRule, people_rule, tags_rule
from diptych.core.import_export.fields import FURTHER, NUMBER_FIELDS, PERSON_FIELDS, PLURALS, field_named
from diptych.core.import_export.row_books import TabularBook, default_book

_NOT_SHARED = frozenset(["contributors", "author_sort", "isbn", "isbn13", "identifiers", "record_id", *NUMBER_FIELDS])
_MEMBERS = {
    "language": "languages",
    "original_language": "original_languages",
    "original_year": "original_published",
    "series_position": "series",
    **dict.fromkeys(PERSON_FIELDS, "contributors"),
}


class Defaults:
    """The values of fields (or their plurals) for books that have none.

    Raises ValueError when one is for a field that cannot have one, is given twice, or is no valid value.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self._values: dict[str, Any] = {}
        for key, text in given.items():
            field = field_named(key)
            if field in _NOT_SHARED:
                raise ValueError(f"{field} cannot have a default: it belongs to one book")
            if field in self._values:
                raise ValueError(f"{field} is given twice, as {field} and {key}")
            book = default_book(field, text, _rule(field, text, plural=key in PLURALS))
            _check(field, book)
            self._values[field] = book.further if field in FURTHER else getattr(book, _MEMBERS.get(field, field))

    def fill(self, book: RawBook) -> None:
        """Give a book the defaults of the fields that it does not have."""
        for field, value in self._values.items():
            if field in PERSON_FIELDS:
                if all(person.role != field for person in book.contributors):
                    book.contributors = [*book.contributors, *value]
            elif field in FURTHER:
                if isinstance(book, TabularBook):
                    book.further = {**value, **book.further}
            elif not getattr(book, member := _MEMBERS.get(field, field)):
                setattr(book, member, value)


def _check(field: str, book: TabularBook) -> None:
    found = normalized(book if book.title is not None else replace(book, title="title"))
    if isinstance(found, Reject):
        raise ValueError(f"default is not valid: {found.reason}")  # noqa: TRY004 - rules raise ValueError
    for trouble in (*found[1], *book.troubles):
        raise ValueError(f"default is not valid: {field} {trouble.value!r}: {trouble.reason}")


def _rule(field: str, text: str, *, plural: bool) -> ColumnRule:
    if field == "tags":
        return tags_rule([text])
    return people_rule([text], plural=True) if plural else ColumnRule()
