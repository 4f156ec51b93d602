"""Publishers, in and out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from diptych.core.catalogue.limits import NAME_MAX
from diptych.core.catalogue.publishers import model
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import Length, Line, SchemaMetadata, UtcTimestamp, line_pattern
from diptych.core.engine.schemas.pagination import list_query
from diptych.core.engine.slugs import SLUG_LENGTH

PublisherName = Annotated[Line, Length(1, NAME_MAX), SchemaMetadata("Sort of Books", line_pattern(NAME_MAX))]


class PublisherInput(Input):
    """A publisher to create, or to put in another's place."""

    name: PublisherName


class Publisher(Struct, frozen=True):
    """A publisher as answered."""

    id: UUID
    name: Annotated[str, Meta(examples=["Sort of Books"], max_length=255)]
    slug: Annotated[str, Meta(examples=["sort-of-books"], min_length=1, max_length=SLUG_LENGTH)]
    created_at: UtcTimestamp
    updated_at: UtcTimestamp


class ListedPublisher(Struct, frozen=True):
    """A publisher as lists of the pages show one."""

    name: str
    slug: str


PublisherList = list_query("PublisherList", model.Publisher, PublisherInput)
