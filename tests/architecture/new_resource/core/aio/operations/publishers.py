"""Publishers."""

from __future__ import annotations

from core.aio.operations import resources
from core.aio.operations.resources import Resource
from core.aio.services.publishers import PublisherService
from core.schemas.publishers import Publisher, PublisherInput, PublisherList

publishers = Resource(
    name="publishers", service=PublisherService, schema=PublisherInput, answer=Publisher, list_query=PublisherList
)

operations = resources.operations(publishers)
