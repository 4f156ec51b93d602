"""Books, with the author each carries, their contributors and their tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Select,
    Uuid,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from diptych.core.catalogue import acquirable
from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.authors.schemas import AuthorReference
from diptych.core.catalogue.books import schemas
from diptych.core.catalogue.books.contributors import AUTHOR, with_first_author
from diptych.core.catalogue.books.model import Book, BookContributor, BookIdentifier, BookSeries, BookSource, BookTag
from diptych.core.catalogue.books.years import years_of
from diptych.core.catalogue.publishers import queries as publisher_queries
from diptych.core.catalogue.publishers.model import Publisher
from diptych.core.catalogue.series.model import Series
from diptych.core.catalogue.tags import queries as tag_queries
from diptych.core.catalogue.tags.model import Tag, TagAlias
from diptych.core.engine.nested_rows import NestedRows
from diptych.core.engine.resource_spec import Condition, EmbeddedRow, any_of, by_unique_column, resource_spec
from diptych.core.engine.row_statements import VALUES, in_list, in_values
from diptych.core.files import queries as file_queries
from diptych.core.files.model import BookFile

_Own = aliased(Book)


def _named_tags(name: str) -> CompoundSelect[Any]:
    own = select(Tag.id).where(in_list(Tag.name, name))
    others = select(TagAlias.tag_id).where(in_list(TagAlias.name, name), ~exists().where(Tag.name == TagAlias.name))
    return own.union_all(others)


def tagged(name: str) -> Condition:
    """Return the condition that a book carries a tag with one of the names, or other names, in a parameter."""
    return Book.id.in_(select(BookTag.book_id).where(BookTag.tag_id.in_(_named_tags(name))))


def tagged_with_literals(name: str) -> Condition:
    """Return the condition that a book carries one of the tags with the ids in a parameter.

    They are literals in the statement: PostgreSQL walks the newest books for a common tag, and sorts those of a rare
    one, and needs to know which it is.
    """
    ids = bindparam(name, type_=Uuid, expanding=True, literal_execute=True)
    return Book.id.in_(select(BookTag.book_id).where(BookTag.tag_id.in_(ids)))


TAG_IDS = select(_named_tags(VALUES).subquery().c[0])
"""The ids of the tags with names, or other names, among VALUES."""


def tagged_with(name: str) -> Condition:
    """Return the condition that a book carries the tag with the id in a parameter."""
    return Book.id.in_(select(BookTag.book_id).where(BookTag.tag_id == bindparam(name)))


def contributed(name: str) -> Condition:
    """Return the condition that one of the authors in a parameter wrote a book or contributed to it."""
    first = select(_Own.id).where(in_list(_Own.author_id, name))
    others = select(BookContributor.book_id).where(in_list(BookContributor.author_id, name))
    # Not two conditions with OR, for which PostgreSQL would read all books.
    return Book.id.in_(first.union_all(others))


def in_series(name: str) -> Condition:
    """Return the condition that a book is in one of the series in a parameter."""
    return Book.id.in_(select(BookSeries.book_id).where(in_list(BookSeries.series_id, name)))


def identified(name: str) -> Condition:
    """Return the condition that a book has one of the identifiers in a parameter, as "scheme:value"."""
    return Book.id.in_(select(BookIdentifier.book_id).where(in_list(BookIdentifier.identifier, name)))


_IDENTIFIERS = select(BookIdentifier.book_id, BookIdentifier.identifier).order_by(BookIdentifier.identifier)
IDENTIFIERS = _IDENTIFIERS.where(in_values(BookIdentifier.book_id))
"""book_id and "scheme:value" of each identifier of the books with ids in VALUES."""

_SERIES = (
    select(BookSeries.book_id, BookSeries.position, Series.id, Series.name, Series.slug)
    .join(Series, Series.id == BookSeries.series_id)
    .order_by(Series.sort_key, Series.id)
)
SERIES = _SERIES.where(in_values(BookSeries.book_id))
"""book_id, position and series of each place in a series of the books with ids in VALUES."""

PUBLISHERS = publisher_queries.spec.select.where(in_values(publisher_queries.spec.model.id))
"""The publishers with ids in VALUES."""

SOURCES = (
    select(BookSource.book_id, BookSource.format, BookSource.record_id, BookSource.digest, BookSource.imported_at)
    .where(in_values(BookSource.book_id))
    .order_by(BookSource.imported_at, BookSource.digest)
)
"""book_id and the other columns of each record that the books with ids in VALUES came from."""

_OTHER_CONTRIBUTORS = (
    select(
        BookContributor.book_id,
        BookContributor.position,
        BookContributor.role,
        Author.id,
        Author.name,
        Author.slug,
    )
    .join(Author, Author.id == BookContributor.author_id)
    .order_by(BookContributor.book_id, BookContributor.position)
)
OTHER_CONTRIBUTORS = _OTHER_CONTRIBUTORS.where(in_values(BookContributor.book_id))
"""book_id, position, role and author of each contributor, except the first author, to the books with ids in VALUES."""

SUPERSEDED = delete(BookContributor).where(
    BookContributor.book_id == bindparam("book"),
    BookContributor.author_id == bindparam("author"),
    BookContributor.role == AUTHOR,
)
"""Deletes an author who has become the first author of a book from its other contributors."""

OWN_ISBN = delete(BookIdentifier).where(
    BookIdentifier.book_id == bindparam("book"), BookIdentifier.identifier == bindparam("identifier")
)
"""Deletes the ISBN that has become a book's own from its other identifiers."""

WITHOUT_AUTHORS = delete(BookContributor).where(
    BookContributor.book_id == bindparam("book"), BookContributor.role == AUTHOR
)
"""Deletes the further authors of a book that has no first author."""


def represent_identifier(text: str) -> schemas.Identifier:
    """Return an identifier of a row of IDENTIFIERS."""
    return schemas.Identifier(*text.split(":", 1))


def represent_position(columns: Sequence[Any]) -> schemas.SeriesPosition:
    """Return a place in a series from the columns of SERIES after the book_id."""
    position, *series = columns
    return schemas.SeriesPosition(schemas.SeriesReference(*series), position)


def represent_contributors(book: schemas.Book, rows: Iterable[Sequence[Any]]) -> list[schemas.Contributor]:
    """Return all contributors of a book, in order. rows: of OTHER_CONTRIBUTORS, after the book_id."""
    others = [(position, schemas.Contributor(role, AuthorReference(*author))) for position, role, *author in rows]
    first = None if book.author is None else schemas.Contributor(AUTHOR, book.author)
    return with_first_author(first, others)


spec = replace(
    resource_spec(
        Book,
        schemas.Book,
        embedded=[EmbeddedRow("author_id", Author, AuthorReference)],
        filters={
            "tags": tagged,
            "contributors": contributed,
            "series": in_series,
            "identifiers": identified,
            "decade": any_of(Book.year),
        },
        scopes={
            "tag": tagged_with,
            "author": contributed,
            "publisher": any_of(Book.publisher_id),
            "series_id": in_series,
            "tag_ids": tagged_with_literals,
        },
    ),
    conversions={"decade": years_of},
    alternatives=acquirable.OF_BOOKS,
)

FIRST_AND_LATEST = select(
    select(Book.id).order_by(Book.id).limit(1).scalar_subquery(),
    select(Book.updated_at).order_by(Book.updated_at.desc(), Book.id.desc()).limit(1).scalar_subquery(),
)
"""The id of the first book, by which a catalogue is known, and when a book was changed last; null without books."""


_second, _further = aliased(BookContributor), aliased(BookContributor)
_SecondAuthor = aliased(Author)


def _others_of(contributor: Any) -> list[Condition]:
    return [contributor.book_id == Book.id, contributor.role == AUTHOR]


_LISTED = (Book.id, Book.title, Book.subtitle, Book.year, Book.language, Book.format, Book.slug)
"""What a list of the pages shows of a book's own columns."""


def _represent_listed(row: Sequence[Any]) -> schemas.ListedBook:
    *own, author_id, author, author_slug, second_id, second, second_slug, others, cover = row
    make: Any = schemas.ListedBook
    listed_book: schemas.ListedBook = make(
        *own,
        None if author_id is None else AuthorReference(author_id, author, author_slug),
        None if second_id is None else AuthorReference(second_id, second, second_slug),
        max(others - 1, 0),
        _cover(cover),
    )
    return listed_book


def _cover(text: str | None) -> schemas.Cover | None:
    """Return a cover from what `cover_of` selects."""
    if text is None:
        return None
    original, width, height = text.split(" ")
    return schemas.Cover(original, int(width), int(height))


_is_second = and_(
    *_others_of(_second),
    _second.position
    == select(func.min(_further.position)).where(*_others_of(_further)).correlate(Book).scalar_subquery(),
)

listed = replace(
    spec,
    select=select(*_LISTED, Author.id, Author.name, Author.slug)
    .outerjoin_from(Book, Author, Author.id == Book.author_id)
    .outerjoin_from(Book, _second, _is_second)
    .outerjoin_from(_second, _SecondAuthor, _SecondAuthor.id == _second.author_id)
    .add_columns(
        _SecondAuthor.id,
        _SecondAuthor.name,
        _SecondAuthor.slug,
        select(func.count()).select_from(_further).where(*_others_of(_further)).correlate(Book).scalar_subquery(),
        file_queries.cover_of(Book),
    ),
    represent=_represent_listed,
)
"""Books with their first two authors and their cover, in the same statement."""


RELATED_LIMIT = 12
"""Other books of each kind on the page of a book, at most."""

_This = aliased(Book)
"""The book of a page, in the subqueries for what belongs to it."""

_Related = aliased(Book)


def _related(*conditions: Condition) -> Select[Any]:
    """Return the query for the first books that meet the conditions on `_Related`, besides the book of the page.

    Their ids are found first: databases join other tables before they sort, and an author may have thousands of books.
    """
    ids = select(_Related.id).where(_Related.id != _This.id, *conditions).order_by(_Related.sort_key, _Related.id)
    first = ids.limit(RELATED_LIMIT).correlate(_This).subquery()
    return listed.select.join(first, first.c.id == Book.id).order_by(Book.sort_key, Book.id)


_BY_AUTHOR = _Related.author_id == _This.author_id
_OWN_TITLE = _Related.sort_key == _This.sort_key
_ORIGINAL = func.coalesce(_This.original_title, _This.title)

_BELONGING = {
    name: NestedRows(rows, _This)
    for name, rows in {
        "tags": tag_queries.BY_NAME.where(BookTag.book_id == _This.id),
        "contributors": _OTHER_CONTRIBUTORS.where(BookContributor.book_id == _This.id),
        "identifiers": _IDENTIFIERS.where(BookIdentifier.book_id == _This.id),
        "series": _SERIES.where(BookSeries.book_id == _This.id),
        "files": file_queries.SHOWN.where(BookFile.book_id == _This.id),
        "editions": _related(
            _BY_AUTHOR, or_(_OWN_TITLE, _Related.original_title == _ORIGINAL, _Related.title == _ORIGINAL)
        ),
        "anonymous_editions": _related(_Related.author_id.is_(None), _This.author_id.is_(None), _OWN_TITLE),
        "others": _related(_BY_AUTHOR),
    }.items()
}
"""What belongs to a book, and the books that are related to it.

editions: other books by the same author with the same title, or with its original one as either title.
anonymous_editions: of a book without an author, those without one that have the same title. others: by its author.
"""


def _represent_displayed(row: Sequence[Any]) -> schemas.DisplayedBook:
    own, publisher = len(spec.returning), len(publisher_queries.spec.returning)
    rows = {
        name: each.read(text) for (name, each), text in zip(_BELONGING.items(), row[own + publisher :], strict=True)
    }
    book: schemas.Book = spec.represent(row[:own])
    added = {
        "publisher": None if row[own] is None else publisher_queries.spec.represent(row[own : own + publisher]),
        "tags": [tag_queries.spec.represent(each[1:]) for each in rows["tags"]],
        "contributors": represent_contributors(book, [each[1:] for each in rows["contributors"]]),
        "identifiers": [represent_identifier(each) for _, each in rows["identifiers"]],
        "series": [represent_position(each[1:]) for each in rows["series"]],
    }
    editions = [listed.represent(each) for each in rows["editions"] or rows["anonymous_editions"]]
    known = {edition.id for edition in editions}
    return schemas.DisplayedBook(
        schemas.extended(book, added),
        [file_queries.represent_displayed(each) for each in rows["files"]],
        editions,
        [listed.represent(each) for each in rows["others"] if each[0] not in known],
    )


displayed = replace(
    spec,
    select=spec.select.outerjoin(Publisher, Publisher.id == Book.publisher_id)
    .join(_This, _This.id == Book.id)
    .add_columns(*publisher_queries.spec.returning, *(each.column for each in _BELONGING.values())),
    represent=_represent_displayed,
)
"""Books with all that their pages show, in one statement."""

_WITH_ISBN = select(Book.id).where(Book.isbn == bindparam("isbn"))
_WITH_IDENTIFIER = select(BookIdentifier.book_id).where(BookIdentifier.identifier == bindparam("identifier"))

BY_ISBN = (
    listed.select.where(Book.id.in_(_WITH_ISBN.union_all(_WITH_IDENTIFIER))).order_by(Book.id).limit(RELATED_LIMIT)
)
"""The books with an `isbn`, as their own or as an `identifier`."""


@cache
def one_with_tags(column: str) -> Select[Any]:
    """Return the query for one book with its tags: a row for each tag, with its columns last, or one row without."""
    return (
        by_unique_column(spec, column)
        .add_columns(*tag_queries.spec.returning)
        .outerjoin(BookTag, BookTag.book_id == Book.id)
        .outerjoin(Tag, Tag.id == BookTag.tag_id)
        .order_by(Tag.sort_key, Tag.id)
    )


def represent_with_tags(rows: Sequence[Sequence[Any]]) -> schemas.Book:
    """Return a book's representation from the rows of `one_with_tags`."""
    own = len(spec.returning)
    found = [tag_queries.spec.represent(row[own:]) for row in rows if row[own] is not None]
    book: schemas.Book = spec.represent(rows[0][:own])
    return schemas.extended(book, {"tags": found})
