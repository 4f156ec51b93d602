"""Authors."""

from __future__ import annotations

from diptych.core.aio.services.resource_service import CatalogueService, SlugRepository
from diptych.core.catalogue.authors import queries
from diptych.core.catalogue.authors.model import Author


class AuthorService(CatalogueService[Author]):
    """Authors; one with books, or named among a book's contributors, stays."""

    class Repo(SlugRepository[Author]):
        """The author table."""

        model_type = Author

    repository_type = Repo
    spec = queries.spec
    match_fields = ["name", "dob"]  # noqa: RUF012 - as the library declares it
    in_use = ("An author with books cannot be deleted.", "books name this author")
