"""Publishers."""

from __future__ import annotations

from diptych.core.aio.operations import resources
from diptych.core.aio.operations.resources import Resource
from diptych.core.aio.services.publishers import PublisherService
from diptych.core.schemas.publishers import Publisher, PublisherInput, PublisherList

publishers = Resource(
    name="publishers", service=PublisherService, schema=PublisherInput, answer=Publisher, list_query=PublisherList
)

operations = resources.operations(publishers)
