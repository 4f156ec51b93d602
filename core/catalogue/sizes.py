"""How large the catalogue is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, literal, select

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.model import Book
from diptych.core.catalogue.publishers.model import Publisher
from diptych.core.catalogue.series.model import Series
from diptych.core.catalogue.tags.model import Tag

COUNTED = 10_000
"""Rows of a table that are counted, at most: the first page is not to cost more with a million books than with few."""


def _up_to_limit(model: Any) -> Any:
    rows = select(literal(1).label("one")).select_from(model).limit(COUNTED + 1).subquery()
    return select(func.count()).select_from(rows).scalar_subquery()


SIZES = select(*(_up_to_limit(model) for model in (Book, Author, Publisher, Series, Tag)))
"""The numbers of books, authors, publishers, series and tags, in one row; each is COUNTED + 1 where there are more."""
