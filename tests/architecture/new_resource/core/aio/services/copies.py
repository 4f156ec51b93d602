"""Copies."""

from __future__ import annotations

from advanced_alchemy.repository import SQLAlchemyAsyncRepository

from diptych.core.aio.services.resource_service import CatalogueService
from diptych.core.catalogue.copies import queries
from diptych.core.catalogue.copies.model import Copy


class CopyService(CatalogueService[Copy]):
    """Copies of books."""

    class Repo(SQLAlchemyAsyncRepository[Copy]):
        """The copy table."""

        model_type = Copy

    repository_type = Repo
    spec = queries.spec
    match_fields = ["barcode"]  # noqa: RUF012 - as the library declares it
