"""Publishers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update

from diptych.core.aio.services.merging import MergeableService, NamedReader
from diptych.core.aio.services.resource_service import SlugRepository
from diptych.core.catalogue.books.model import Book
from diptych.core.catalogue.publishers import queries
from diptych.core.catalogue.publishers.model import Publisher, PublisherName
from diptych.core.engine.entity import now


class PublisherReader(NamedReader):
    """Publishers, with their other names."""

    other_names = PublisherName


class PublisherService(MergeableService[Publisher]):
    """Publishers; one with books stays."""

    class Repo(SlugRepository[Publisher]):
        """The publisher table."""

        model_type = Publisher

    repository_type = Repo
    spec = queries.spec
    reader = PublisherReader
    match_fields = ["name"]  # noqa: RUF012 - as the library declares it
    in_use = ("A publisher with books cannot be deleted.", "books name this publisher")
    other_names = PublisherName

    async def move(self, item_id: UUID, others: Sequence[UUID]) -> None:
        theirs = update(Book).where(Book.publisher_id.in_(others))
        await self.session.execute(theirs.values(publisher_id=item_id, updated_at=now()))
