"""Publishers."""

from __future__ import annotations

from diptych.core.aio.operations import crud_operations
from diptych.core.aio.operations.crud_operations import Resource
from diptych.core.aio.services.publishers import PublisherService
from diptych.core.catalogue.publishers.schemas import Publisher, PublisherInput, PublisherList

publishers = Resource(
    name="publishers", service=PublisherService, schema=PublisherInput, answer=Publisher, list_query=PublisherList
)

operations = crud_operations.operations(publishers)
