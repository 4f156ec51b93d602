"""Publishers, in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Struct

from diptych.core.schemas.base import Input
from diptych.core.schemas.lists import list_query
from diptych.core.schemas.types import Length, Line, Year

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
