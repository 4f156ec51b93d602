"""Publishers, in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Struct

from diptych.core.catalogue.books.schemas import Year
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import Length, Line
from diptych.core.engine.schemas.pagination import list_query

PublisherName = Annotated[Line, Length(1, 255)]


class PublisherInput(Input):
    """A publisher to create, or to put in another's place."""

    name: PublisherName
    founded: Year | None = None


class Publisher(Struct, frozen=True):
    """A publisher as answered."""

    id: UUID
    name: str
    founded: int | None
    slug: str
    created_at: datetime
    updated_at: datetime


PublisherList = list_query(
    "PublisherList", ("created_at", "updated_at", "name", "founded", "slug", "id"), {"name": PublisherName}
)
