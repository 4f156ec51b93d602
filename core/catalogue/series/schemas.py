"""Series, in and out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from diptych.core.catalogue.limits import NAME_MAX
from diptych.core.catalogue.series import model
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import Length, Line, SchemaMetadata, UtcTimestamp, line_pattern
from diptych.core.engine.schemas.pagination import list_query
from diptych.core.engine.slugs import SLUG_LENGTH

SeriesName = Annotated[Line, Length(1, NAME_MAX), SchemaMetadata("Moomins", line_pattern(NAME_MAX))]


class SeriesInput(Input):
    """A series to create, or to put in another's place."""

    name: SeriesName


class Series(Struct, frozen=True):
    """A series as answered."""

    id: UUID
    name: Annotated[str, Meta(examples=["Moomins"], max_length=255)]
    slug: Annotated[str, Meta(examples=["moomins"], min_length=1, max_length=SLUG_LENGTH)]
    created_at: UtcTimestamp
    updated_at: UtcTimestamp


class ListedSeries(Struct, frozen=True):
    """A series as lists of the pages show one."""

    name: str
    slug: str


SeriesList = list_query("SeriesList", model.Series, SeriesInput)
