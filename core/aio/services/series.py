"""Series."""

from __future__ import annotations

from diptych.core.aio.services.resource_service import CatalogueService, SlugRepository
from diptych.core.catalogue.series import queries
from diptych.core.catalogue.series.model import Series


class SeriesService(CatalogueService[Series]):
    """Series; deleting one takes its books out of it."""

    class Repo(SlugRepository[Series]):
        """The series table."""

        model_type = Series

    repository_type = Repo
    spec = queries.spec
    match_fields = ["name"]  # noqa: RUF012 - as the library declares it
