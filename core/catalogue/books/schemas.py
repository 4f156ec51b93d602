"""Books and their contributors, in and out."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from pydantic import AfterValidator, Field, JsonValue, Strict

from diptych.core.catalogue.authors.schemas import AuthorReference
from diptych.core.catalogue.books import isbn, language, model, years
from diptych.core.catalogue.books.contributors import ROLES
from diptych.core.catalogue.field_types import LIST_LIMIT, Description
from diptych.core.catalogue.limits import TITLE_MAX
from diptych.core.catalogue.tags.schemas import Tag, TagName
from diptych.core.engine.schemas.base import UNIQUE, Input
from diptych.core.engine.schemas.field_types import (
    Id,
    Length,
    Line,
    SchemaMetadata,
    Text,
    UtcTimestamp,
    line_pattern,
    ruled,
)
from diptych.core.engine.schemas.pagination import ListQuery, Query, list_query, separated_by_commas
from diptych.core.engine.slugs import SLUG_LENGTH

Title = Annotated[Line, Length(1, TITLE_MAX), SchemaMetadata("The Summer Book", line_pattern(TITLE_MAX))]
Isbn = Annotated[
    Text,
    AfterValidator(ruled("isbn", isbn.isbn13)),
    SchemaMetadata(
        "978-0-9542217-1-3",
        isbn.PATTERN,
        "An ISBN of 10 or 13 digits, kept as one of 13; its check digit has to hold.",
        "isbn",
    ),
]
Year = Annotated[
    int,
    Strict(),
    Field(ge=years.YEAR_MIN, le=years.YEAR_MAX),
    SchemaMetadata(1972, description="Years before our era are negative. Written as 1972, never as 1972.0."),
]
Language = Annotated[
    Text,
    AfterValidator(ruled("language_tag", language.language_tag)),
    SchemaMetadata("sv-FI", language.PATTERN, "A BCP 47 tag.", max_length=language.LANGUAGE_LENGTH),
]
Role = Literal["author", "editor", "translator", "illustrator", "other"]


class BookInput(Input):
    """A book to create, or to put in another's place."""

    title: Title
    author_id: Id
    isbn: Isbn | None = None
    year: Year | None = None
    language: Language | None = None
    description: Description | None = None


class ContributorInput(Input):
    """One contributor, by the author's id."""

    author_id: Id
    role: Role


_WITH_AN_AUTHOR: dict[str, JsonValue] = {
    **UNIQUE,
    "contains": {"type": "object", "required": ["role"], "properties": {"role": {"const": "author"}}},
}


class ContributorList(Input):
    """The contributors of one book, whole and in order; the first with the role author becomes `author_id`."""

    items: Annotated[
        list[ContributorInput], Field(min_length=1, max_length=LIST_LIMIT, json_schema_extra=_WITH_AN_AUTHOR)
    ]


class Contributor(Struct, frozen=True):
    """A contributor as answered."""

    role: Annotated[str, Meta(examples=["author"], extra_json_schema={"enum": list(ROLES)})]
    author: AuthorReference


class Book(Struct, frozen=True):
    """A book as answered; tags and contributors only where `include` asked for them."""

    id: UUID
    title: Annotated[str, Meta(examples=["The Summer Book"], max_length=1000)]
    author_id: UUID
    isbn: Annotated[str, Meta(examples=["9780954221713"], pattern="^97[89][0-9]{10}$")] | None
    year: Annotated[int, Meta(examples=[1972])] | None
    language: Annotated[str, Meta(examples=["sv-FI"])] | None
    description: (
        Annotated[str, Meta(examples=["A girl and her grandmother spend a summer on an island."], max_length=10_000)]
        | None
    )
    slug: Annotated[str, Meta(examples=["the-summer-book"], min_length=1, max_length=SLUG_LENGTH)]
    created_at: UtcTimestamp
    updated_at: UtcTimestamp
    author: AuthorReference
    tags: list[Tag] | msgspec.UnsetType = msgspec.UNSET
    contributors: list[Contributor] | msgspec.UnsetType = msgspec.UNSET


def extended(book: Book, added: dict[str, Any]) -> Book:
    """Return the book with its tags or contributors."""
    return msgspec.structs.replace(book, **added)


Include = Annotated[list[Literal["tags", "contributors"]], separated_by_commas]


class BookQuery(Query):
    """What can be asked of one book."""

    include: Include = Field(default_factory=list, description="What belongs to a book, in the same answer.")


class _BookListQuery(ListQuery):
    include: Include = Field(default_factory=list, description="What belongs to a book, in the same answer.")


BookList = list_query("BookList", model.Book, BookInput, {"tags": TagName, "contributors": Id}, base=_BookListQuery)
