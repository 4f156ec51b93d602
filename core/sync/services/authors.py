# Generated from core/aio/services/authors.py by tools/unasync.py: do not edit, run "make twins".
"""Authors."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from diptych.core.catalogue.authors import queries
from diptych.core.catalogue.models import Author, Book, BookContributor
from diptych.core.errors import FieldError
from diptych.core.refusals import InUse
from diptych.core.sync.services.resource_service import CatalogueService, SlugRepository


class AuthorService(CatalogueService[Author]):
    """Authors; one with books, or named among a book's contributors, stays."""

    class Repo(SlugRepository[Author]):
        """The author table."""

        model_type = Author

    repository_type = Repo
    spec = queries.spec
    unique = ()
    match_fields = ["name", "dob"]  # noqa: RUF012 - as the library declares it

    def check_no_dependents(self, ids: Sequence[UUID]) -> None:
        books = select(Book.author_id).where(Book.author_id.in_(ids))
        others = select(BookContributor.author_id).where(BookContributor.author_id.in_(ids))
        busy = set((self.session.execute(books.union(others))).scalars())
        field_errors = [
            FieldError("in_use", "books name this author", path=("ids", place))
            for place, item_id in enumerate(ids)
            if item_id in busy
        ]
        if field_errors:
            raise InUse("An author with books cannot be deleted.", field_errors)
