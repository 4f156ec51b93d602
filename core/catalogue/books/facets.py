"""The facets of books."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic.alias_generators import to_camel
from sqlalchemy import cast, func, select, union

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.model import Book, BookContributor, BookSeries, BookTag
from diptych.core.catalogue.books.years import DECADE
from diptych.core.catalogue.limits import TAG_MAX
from diptych.core.catalogue.publishers.model import Publisher
from diptych.core.catalogue.series.model import Series
from diptych.core.catalogue.tags.model import Tag
from diptych.core.engine.entity import binary_collated_string
from diptych.core.engine.facets import Facet, Rows, column_counts
from diptych.core.engine.row_statements import in_values


def _decade(year: Any) -> Any:
    # The remainder of a negative number is negative.
    return year - (year % DECADE + DECADE) % DECADE


def _named(model: Any) -> Any:
    """Return the function from the id of a row of a model to its name."""
    return lambda value: select(model.name).where(model.id == value).scalar_subquery()


def _within(book_id: Any, rows: Rows) -> list[Any]:
    """Return the conditions that a row of another table belongs to one of the books."""
    return [] if rows is None else [book_id.in_(select(rows.c.id))]


def _tags(rows: Rows) -> Any:
    number = func.count().label("number")
    counted = select(BookTag.tag_id, number).where(*_within(BookTag.book_id, rows)).group_by(BookTag.tag_id).subquery()
    # In one order in both databases, whatever the collation is.
    name = cast(Tag.name, binary_collated_string(TAG_MAX)).label("value")
    return select(name, counted.c.number).join(counted, counted.c.tag_id == Tag.id)


def _contributors(rows: Rows) -> Any:
    book: Any = Book.__table__ if rows is None else rows
    first = select(book.c.id.label("book_id"), book.c.author_id).where(book.c.author_id.is_not(None))
    others = select(BookContributor.book_id, BookContributor.author_id).where(*_within(BookContributor.book_id, rows))
    # Somebody may have several roles in a book.
    people = union(first, others).subquery()
    return select(people.c.author_id.label("value"), func.count().label("number")).group_by(people.c.author_id)


def _series(rows: Rows) -> Any:
    value = BookSeries.series_id.label("value")
    return select(value, func.count().label("number")).where(*_within(BookSeries.book_id, rows)).group_by(value)


_ALL = (
    Facet("language", column_counts(Book, Book.language)),
    Facet("decade", column_counts(Book, Book.year, _decade), kind=int),
    Facet("tags", _tags),
    Facet("contributors", _contributors, _named(Author), UUID),
    Facet("publisher_id", column_counts(Book, Book.publisher_id), _named(Publisher), UUID),
    Facet("series", _series, _named(Series), UUID),
    Facet("format", column_counts(Book, Book.format)),
)

FACETS: Mapping[str, Facet] = {to_camel(each.name): each for each in _ALL}
"""The facets, by their names in the API."""


def _by_id(model: Any) -> Any:
    return select(model.id, model.name).where(in_values(model.id))


NAMES: Mapping[str, Any] = {
    "contributors_in": _by_id(Author),
    "author_id_in": _by_id(Author),
    "publisher_id_in": _by_id(Publisher),
    "series_in": _by_id(Series),
}
"""The query for the ids and names of the rows with ids in VALUES, by the filter that has such ids."""
