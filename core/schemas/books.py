"""Books and their contributors, in and out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from pydantic import Field

from core.schemas.authors import AuthorReference
from core.schemas.base import LIST_LIMIT, Input
from core.schemas.lists import ListQuery, Query, list_query, separated_by_commas
from core.schemas.tags import Tag
from core.schemas.types import Description, Id, Isbn, Language, TagName, Title, WrittenYear, Year

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


class ContributorList(Input):
    """The contributors of one book, whole and in order; the first with the role author becomes `author_id`."""

    items: Annotated[list[ContributorInput], Field(min_length=1, max_length=LIST_LIMIT)]


@dataclass(frozen=True, slots=True)
class Contributor:
    """A contributor as answered."""

    role: str
    author: AuthorReference


@dataclass(frozen=True, slots=True)
class Book:
    """A book as answered; tags and contributors only where `include` asked for them."""

    id: UUID
    title: str
    author_id: UUID
    isbn: str | None
    year: int | None
    language: str | None
    description: str | None
    slug: str
    created_at: datetime
    updated_at: datetime
    author: AuthorReference
    tags: list[Tag] | msgspec.UnsetType = msgspec.UNSET
    contributors: list[Contributor] | msgspec.UnsetType = msgspec.UNSET


def extended(book: Book, added: dict[str, Any]) -> Book:
    """The book with its tags or contributors."""
    return dataclasses.replace(book, **added)


Include = Annotated[list[Literal["tags", "contributors"]], separated_by_commas]


class BookQuery(Query):
    """What can be asked of one book."""

    include: Include = Field(default_factory=list)


class _BookListQuery(ListQuery):
    include: Include = Field(default_factory=list)


BookList = list_query(
    "BookList",
    ("created_at", "updated_at", "title", "year", "isbn", "language", "slug", "id"),
    {
        "author_id": Id,
        "language": Language,
        "year": WrittenYear,
        "isbn": Isbn,
        "tags": TagName,
        "contributors": Id,
    },
    base=_BookListQuery,
)
