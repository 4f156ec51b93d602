"""Publishers."""

from __future__ import annotations

from diptych.core.aio.services.resource_service import CatalogueService, SlugRepository
from diptych.core.catalogue.publishers import queries
from diptych.core.catalogue.publishers.model import Publisher


class PublisherService(CatalogueService[Publisher]):
    """Publishers."""

    class Repo(SlugRepository[Publisher]):
        """The publisher table."""

        model_type = Publisher

    repository_type = Repo
    spec = queries.spec
    unique = ("name",)
    match_fields = ["name"]  # noqa: RUF012 - as the library declares it
