"""Publishers."""

from __future__ import annotations

from collections.abc import Sequence

from advanced_alchemy.repository import SQLAlchemyAsyncRepository

from core.aio.services.base import CatalogueService
from core.models.publisher import Publisher
from core.queries import publishers as queries
from core.schemas import publishers as schemas


class PublisherRepository(SQLAlchemyAsyncRepository[Publisher]):
    """The publisher table."""

    model_type = Publisher


class PublisherService(CatalogueService[Publisher]):
    """Publishers."""

    repository_type = PublisherRepository
    listing = queries.listing
    unique = ("name",)
    key = ("name",)
    key_not_null = ("name",)

    async def represent(self, items: Sequence[Publisher]) -> list[schemas.Publisher]:
        return [
            schemas.Publisher(item.id, item.name, item.founded, item.slug, item.created_at, item.updated_at)
            for item in items
        ]
