"""Authors, in and out."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from diptych.core.catalogue.authors import model
from diptych.core.catalogue.limits import NAME_MAX
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import Date, Length, Line, SchemaMetadata, UtcTimestamp, line_pattern
from diptych.core.engine.schemas.pagination import list_query
from diptych.core.engine.slugs import SLUG_LENGTH

AuthorName = Annotated[Line, Length(1, NAME_MAX), SchemaMetadata("Tove Jansson", line_pattern(NAME_MAX))]


class AuthorInput(Input):
    """An author to create, or to put in another's place."""

    name: AuthorName
    dob: Date | None = None


AuthorSlug = Annotated[str, Meta(examples=["tove-jansson"], min_length=1, max_length=SLUG_LENGTH)]


class Author(Struct, frozen=True):
    """An author as answered."""

    id: UUID
    name: Annotated[str, Meta(examples=["Tove Jansson"], max_length=255)]
    dob: Annotated[date, Meta(examples=["1914-08-09"])] | None
    slug: AuthorSlug
    created_at: UtcTimestamp
    updated_at: UtcTimestamp


class AuthorReference(Struct, frozen=True):
    """As much of an author as a book carries."""

    id: UUID
    name: Annotated[str, Meta(examples=["Tove Jansson"], max_length=255)]
    slug: AuthorSlug


AuthorList = list_query("AuthorList", model.Author, AuthorInput)
