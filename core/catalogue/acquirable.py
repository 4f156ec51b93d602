"""Which books can be acquired, and who wrote them: scopes of lists."""

from __future__ import annotations

from sqlalchemy import or_, select

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.contributors import AUTHOR
from diptych.core.catalogue.books.model import Book, BookContributor
from diptych.core.engine.resource_spec import Condition
from diptych.core.files.model import BookFile

SCOPE = "acquirable"
"""The name of the scope; its value says nothing."""


def of_book(_: str) -> Condition:
    """Return the condition that a book can be acquired: its record has a link, or it has a file."""
    with_file = select(BookFile.book_id).where(BookFile.kind == "ebook")
    return or_(Book.url.is_not(None), Book.id.in_(with_file))


def of_author(_: str) -> Condition:
    """Return the condition that an author wrote a book that can be acquired."""
    first = select(Book.author_id).where(of_book(SCOPE))
    further = (
        select(BookContributor.author_id)
        .join(Book, Book.id == BookContributor.book_id)
        .where(BookContributor.role == AUTHOR, of_book(SCOPE))
    )
    return Author.id.in_(first.union_all(further))
