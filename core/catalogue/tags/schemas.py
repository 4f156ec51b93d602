"""Tags, in and out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from pydantic import AfterValidator, Field

from diptych.core.catalogue.field_types import LIST_LIMIT, Description
from diptych.core.catalogue.limits import SCHEME_MAX, TAG_MAX
from diptych.core.catalogue.tags import model, rules
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import WORDS_PATTERN, Length, SchemaMetadata, Text, UtcTimestamp, ruled
from diptych.core.engine.schemas.pagination import list_query

TagName = Annotated[
    Text,
    AfterValidator(ruled("tag_name", rules.tag_name)),
    Length(1, TAG_MAX),
    SchemaMetadata("islands of finland", WORDS_PATTERN),
]


TagScheme = Annotated[
    Text,
    AfterValidator(ruled("scheme", rules.tag_scheme)),
    SchemaMetadata("lcsh", rules.SCHEME_PATTERN, "The vocabulary that the tag is from.", max_length=SCHEME_MAX),
]


class TagInput(Input):
    """A tag to create, or to put in another's place."""

    name: TagName
    description: Description | None = None
    scheme: TagScheme | None = None


class TagNames(Input):
    """The tags of one book, whole: those that do not exist yet are made."""

    items: Annotated[list[TagName], Field(max_length=LIST_LIMIT)]


class Tag(Struct, frozen=True):
    """A tag as answered."""

    id: UUID
    name: Annotated[str, Meta(examples=["islands of finland"], max_length=100)]
    description: str | None
    scheme: Annotated[str, Meta(examples=["lcsh"], max_length=SCHEME_MAX)] | None
    created_at: UtcTimestamp
    updated_at: UtcTimestamp


class ListedTag(Struct, frozen=True):
    """A tag as lists of the pages show one."""

    id: UUID
    name: str
    scheme: str | None


TagList = list_query("TagList", model.Tag, TagInput)
