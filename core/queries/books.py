"""Books, with the author each carries, their contributors and their tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from core.models import Author, Book, BookContributor, BookTag, Tag
from core.queries.listing import Condition, Listing, any_of
from core.queries.rows import among_values
from core.schemas import books as schemas
from core.schemas.authors import AuthorReference


def represent(row: Sequence[Any]) -> schemas.Book:
    """A book as answered, from a row of `listing.select`: its own columns, then its author's."""
    values = (*row[:-3], AuthorReference(*row[-3:]))
    return schemas.Book(*values)


def tagged(names: Sequence[str]) -> Condition:
    """Books that carry any tag of these names."""
    return Book.id.in_(select(BookTag.book_id).join(Tag, Tag.id == BookTag.tag_id).where(Tag.name.in_(names)))


def tagged_with(tag_id: UUID) -> Condition:
    """Books that carry this tag."""
    return Book.id.in_(select(BookTag.book_id).where(BookTag.tag_id == tag_id))


def contributed(author_ids: Sequence[UUID]) -> Condition:
    """Books that any of these wrote, or contributed to in another role."""
    others = select(BookContributor.book_id).where(BookContributor.author_id.in_(author_ids))
    return or_(Book.author_id.in_(author_ids), Book.id.in_(others))


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
    .where(among_values(BookContributor.book_id))
    .order_by(BookContributor.book_id, BookContributor.position)
)
"""book_id, position, role and the author of every contributor but the first author, of the books of these VALUES."""

listing = Listing(
    noun="book",
    model=Book,
    select=select(
        Book.id,
        Book.title,
        Book.author_id,
        Book.isbn,
        Book.year,
        Book.language,
        Book.description,
        Book.slug,
        Book.created_at,
        Book.updated_at,
        Author.id,
        Author.name,
        Author.slug,
    ).join(Author, Author.id == Book.author_id),
    represent=represent,
    search_exactly=Book.title,
    search_folded=Book.search_text,
    order_by={
        "created_at": Book.created_at,
        "updated_at": Book.updated_at,
        "title": Book.sort_key,
        "year": Book.year,
        "isbn": Book.isbn,
        "language": Book.language,
        "slug": Book.slug,
        "id": Book.id,
    },
    filters={
        "author_id": any_of(Book.author_id),
        "language": any_of(Book.language),
        "year": any_of(Book.year),
        "isbn": any_of(Book.isbn),
        "tags": tagged,
        "contributors": contributed,
    },
)
