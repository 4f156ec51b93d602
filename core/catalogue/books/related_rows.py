"""The rows of books in other tables, as services write them: by book, the other columns of each row by its key."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

from diptych.core.catalogue.books.model import Book
from diptych.core.catalogue.series.rules import position_number

RelatedRows = dict[Book, dict[tuple[Any, ...], Mapping[str, Any]]]


def key_rows(wanted: Mapping[Book, AbstractSet[Any]]) -> RelatedRows:
    """Return rows that consist of a key."""
    return {book: {(key,): {} for key in keys} for book, keys in wanted.items()}


def series_rows(wanted: Mapping[Book, Mapping[UUID, str | None]]) -> RelatedRows:
    """Return rows of series, from the position of each book in each."""
    return {
        book: {
            (series_id,): {"position": position, "number": position_number(position)}
            for series_id, position in positions.items()
        }
        for book, positions in wanted.items()
    }
