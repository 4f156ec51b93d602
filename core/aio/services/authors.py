"""Authors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from diptych.core.aio.services.books import BookService
from diptych.core.aio.services.merging import MergeableService, NamedReader
from diptych.core.aio.services.resource_service import SlugRepository
from diptych.core.catalogue.authors import queries
from diptych.core.catalogue.authors.model import Author, AuthorName
from diptych.core.catalogue.books.contributors import with_author_replaced
from diptych.core.catalogue.books.model import Book, BookContributor

MOVED = 1000
"""Books that a statement moves at most when authors are merged."""


class AuthorReader(NamedReader):
    """Authors, with their other names."""

    other_names = AuthorName


class AuthorService(MergeableService[Author]):
    """Authors; one with books, or named among a book's contributors, stays."""

    class Repo(SlugRepository[Author]):
        """The author table."""

        model_type = Author

    repository_type = Repo
    spec = queries.spec
    reader = AuthorReader
    match_fields = ["name", "dob"]  # noqa: RUF012 - as the library declares it
    in_use = ("An author with books cannot be deleted.", "books name this author")
    other_names = AuthorName
    # Not sort_name, which is a form of the name.
    merged = ("dob", "birth_year", "death_year", "kind")

    def completing(self, row: Author, others: Sequence[Author]) -> dict[str, Any]:
        found = super().completing(row, others)
        if row.dob is not None or "dob" in found:
            found.pop("birth_year", None)
        return found

    async def move(self, item_id: UUID, others: Sequence[UUID]) -> None:
        books = BookService(self.session, wrap_exceptions=False)
        contributed = select(BookContributor.book_id).where(BookContributor.author_id.in_(others))
        condition = or_(Book.author_id.in_(others), Book.id.in_(contributed))
        more = True
        while more:
            found = await books.some_for_update(condition, MOVED)
            more = len(found) == MOVED
            present = await books.contributor_ids(found)
            moved = {book: with_author_replaced(present[book.id], others, item_id) for book in found}
            await books.put_contributors(moved, present)
