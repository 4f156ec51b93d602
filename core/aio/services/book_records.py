"""Books as records, which a writer of any format takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, union

from diptych.core.aio.statement_executor import Executor
from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books import schemas
from diptych.core.catalogue.books.model import Book, BookContributor
from diptych.core.engine.row_statements import VALUES, in_values
from diptych.core.formats.record import BookRecord, Contributor, Identifier, SeriesPosition, TagName

INCLUDED = ("tags", "contributors", "identifiers", "series", "publisher")
"""What a book has to include to become a record."""

LIVES = select(Author.id, Author.sort_name, Author.kind, Author.birth_year, Author.dob, Author.death_year).where(
    Author.id.in_(
        # Not two conditions with OR, for which PostgreSQL would read all authors.
        union(
            select(Book.author_id).where(in_values(Book.id)),
            select(BookContributor.author_id).where(in_values(BookContributor.book_id)),
        )
    )
)
"""What is known of the authors of, and contributors to, the books with ids in VALUES, besides their names."""

_SAME = tuple(name for name in BookRecord.__struct_fields__ if name in Book.__table__.columns)
"""The columns of a book that a record has under the same name."""


class _Life(NamedTuple):
    sort_name: str | None
    kind: str | None
    birth_year: int | None
    death_year: int | None


async def book_records(executor: Executor, books: Sequence[schemas.Book], first: int = 1) -> list[BookRecord]:
    """Return the records of books with what INCLUDED names, by one more statement.

    record_id is the id of the book, and line its number, of which the first is given.
    """
    if not books:
        return []
    rows = await executor.all(LIVES, {VALUES: [book.id for book in books]})
    lives = {
        author_id: _Life(sort_name, kind, birth_year if dob is None else dob.year, death_year)
        for author_id, sort_name, kind, birth_year, dob, death_year in rows
    }
    return [_record(book, number, lives) for number, book in enumerate(books, start=first)]


def _record(book: Any, number: int, lives: dict[UUID, _Life]) -> BookRecord:
    return BookRecord(
        line=number,
        contributors=tuple(_contributor(item, lives[item.author.id]) for item in book.contributors),
        publisher=None if book.publisher is None else book.publisher.name,
        identifiers=tuple(
            Identifier(item.scheme, item.value)
            for item in book.identifiers
            if (item.scheme, item.value) != ("isbn", book.isbn)
        ),
        series=tuple(SeriesPosition(item.series.name, item.position) for item in book.series),
        tags=tuple(TagName(tag.name, tag.scheme) for tag in book.tags),
        record_id=str(book.id),
        modified=book.updated_at,
        **{name: getattr(book, name) for name in _SAME},
    )


def _contributor(item: schemas.Contributor, life: _Life) -> Contributor:
    return Contributor(item.author.name, item.role, *life)
