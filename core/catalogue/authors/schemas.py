"""Authors, in and out."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct
from pydantic import Field, Strict

from diptych.core.catalogue.authors import model
from diptych.core.catalogue.authors.kinds import KINDS
from diptych.core.catalogue.books.years import YEAR_MAX, YEAR_MIN
from diptych.core.catalogue.limits import NAME_MAX
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import Date, Length, Line, SchemaMetadata, UtcTimestamp, line_pattern
from diptych.core.engine.schemas.pagination import FeedQuery, list_query
from diptych.core.engine.slugs import SLUG_LENGTH

AuthorName = Annotated[Line, Length(1, NAME_MAX), SchemaMetadata("Tove Jansson", line_pattern(NAME_MAX))]


SortName = Annotated[Line, Length(1, NAME_MAX), SchemaMetadata("Jansson, Tove", line_pattern(NAME_MAX))]
BirthYear = Annotated[int, Strict(), Field(ge=YEAR_MIN, le=YEAR_MAX), SchemaMetadata(1914)]
DeathYear = Annotated[int, Strict(), Field(ge=YEAR_MIN, le=YEAR_MAX), SchemaMetadata(2001)]
Kind = Literal["person", "body", "meeting"]


class AuthorInput(Input):
    """An author to create, or to put in another's place."""

    name: AuthorName
    dob: Date | None = None
    kind: Kind | None = None
    sort_name: SortName | None = None
    birth_year: BirthYear | None = None
    death_year: DeathYear | None = None


AuthorSlug = Annotated[str, Meta(examples=["tove-jansson"], min_length=1, max_length=SLUG_LENGTH)]


class Author(Struct, frozen=True):
    """An author as answered."""

    id: UUID
    name: Annotated[str, Meta(examples=["Tove Jansson"], max_length=255)]
    dob: Annotated[date, Meta(examples=["1914-08-09"])] | None
    kind: Annotated[str, Meta(examples=["person"], extra_json_schema={"enum": list(KINDS)})] | None
    sort_name: Annotated[str, Meta(examples=["Jansson, Tove"], max_length=255)] | None
    birth_year: Annotated[int, Meta(examples=[1914])] | None
    death_year: Annotated[int, Meta(examples=[2001])] | None
    slug: AuthorSlug
    created_at: UtcTimestamp
    updated_at: UtcTimestamp


class ListedAuthor(Struct, frozen=True):
    """An author as lists of the pages show one."""

    name: str
    birth_year: int | None
    death_year: int | None
    slug: str


class AuthorReference(Struct, frozen=True):
    """As much of an author as a book carries."""

    id: UUID
    name: Annotated[str, Meta(examples=["Tove Jansson"], max_length=255)]
    slug: AuthorSlug


AuthorList = list_query("AuthorList", model.Author, AuthorInput)

AuthorFeed = list_query("AuthorFeed", model.Author, AuthorInput, base=FeedQuery)
"""Parameters of a feed of authors."""
