"""Publishers."""

from __future__ import annotations

from advanced_alchemy.repository import SQLAlchemyAsyncRepository

from diptych.core.aio.services.resource_service import CatalogueService
from diptych.core.catalogue.publishers import queries
from diptych.core.catalogue.publishers.model import Publisher


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
