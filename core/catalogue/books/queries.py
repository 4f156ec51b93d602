"""Books, with the author each carries, their contributors and their tags."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, or_, select

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.authors.schemas import AuthorReference
from diptych.core.catalogue.books import schemas
from diptych.core.catalogue.books.contributors import AUTHOR
from diptych.core.catalogue.books.model import Book, BookContributor, BookTag
from diptych.core.catalogue.tags.model import Tag
from diptych.core.catalogue.tags.queries import spec as tags
from diptych.core.engine.resource_spec import Condition, EmbeddedRow, by_unique_column, resource_spec
from diptych.core.engine.row_statements import in_list, in_values


def tagged(name: str) -> Condition:
    """Books that carry any tag of the names in a parameter."""
    return Book.id.in_(select(BookTag.book_id).join(Tag, Tag.id == BookTag.tag_id).where(in_list(Tag.name, name)))


def tagged_with(name: str) -> Condition:
    """Books that carry the tag whose id is in a parameter."""
    return Book.id.in_(select(BookTag.book_id).where(BookTag.tag_id == bindparam(name)))


def contributed(name: str) -> Condition:
    """Books that any of those in a parameter wrote, or contributed to in another role."""
    others = select(BookContributor.book_id).where(in_list(BookContributor.author_id, name))
    return or_(in_list(Book.author_id, name), Book.id.in_(others))


OTHER_CONTRIBUTORS = (
    select(
        BookContributor.book_id,
        BookContributor.position,
        BookContributor.role,
        Author.id,
        Author.name,
        Author.slug,
    )
    .join(Author, Author.id == BookContributor.author_id)
    .where(in_values(BookContributor.book_id))
    .order_by(BookContributor.book_id, BookContributor.position)
)
"""book_id, position, role and the author of every contributor but the first author, of the books of these VALUES."""

SUPERSEDED = delete(BookContributor).where(
    BookContributor.book_id == bindparam("book"),
    BookContributor.author_id == bindparam("author"),
    BookContributor.role == AUTHOR,
)
"""Takes an author from among the others of a book, whose first author it has become."""

spec = resource_spec(
    Book,
    schemas.Book,
    embedded=[EmbeddedRow("author_id", Author, AuthorReference)],
    filters={"tags": tagged, "contributors": contributed},
    scopes={"tag": tagged_with, "author": contributed},
)


@cache
def one_with_tags(column: str) -> Select[Any]:
    """As `one`, in a row for each tag, whose columns come last; with no tag, one without."""
    return (
        by_unique_column(spec, column)
        .add_columns(*tags.returning)
        .outerjoin(BookTag, BookTag.book_id == Book.id)
        .outerjoin(Tag, Tag.id == BookTag.tag_id)
        .order_by(Tag.sort_key, Tag.id)
    )


def represent_with_tags(rows: Sequence[Sequence[Any]]) -> schemas.Book:
    """A book as answered, from the rows of `one_with_tags`."""
    own = len(spec.returning)
    found = [tags.represent(row[own:]) for row in rows if row[own] is not None]
    return schemas.extended(spec.represent(rows[0][:own]), {"tags": found})
