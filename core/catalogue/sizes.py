"""How large the catalogue is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import func, literal, select

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.model import Book
from diptych.core.catalogue.publishers.model import Publisher
from diptych.core.catalogue.series.model import Series
from diptych.core.catalogue.tags.model import Tag
from diptych.core.engine.database_clock import current_time

COUNTED = 10_000
"""Rows of a table that are counted, at most: the first page is not to cost more with a million books than with few."""


class Sizes(Struct, frozen=True):
    """How many rows there are of each kind. counted_at: when kept counts were made; None for those of this moment."""

    numbers: dict[str, int]
    counted_at: datetime | None = None


def _up_to_limit(model: Any) -> Any:
    rows = select(literal(1).label("one")).select_from(model).limit(COUNTED + 1).subquery()
    return select(func.count()).select_from(rows).scalar_subquery()


def _all(model: Any) -> Any:
    return select(func.count()).select_from(model).scalar_subquery()


_MODELS = {"books": Book, "authors": Author, "publishers": Publisher, "series": Series, "tags": Tag}

KINDS = tuple(_MODELS)

SIZES = select(*map(_up_to_limit, _MODELS.values()))
"""The number of rows of each of KINDS, in one row; it is COUNTED + 1 where there are more."""

EXACT_SIZES = select(current_time(), *map(_all, _MODELS.values()))
"""The time, and the number of rows of each of KINDS, in one row."""
